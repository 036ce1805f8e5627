window.paritySearch = [["Start","index.html","page",""]];
