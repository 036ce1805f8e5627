// Owns the measure of contrast (WCAG 2.2, 1.4.3): every text of a page that is paler than it may be, with its ratio.
(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const part = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const own = rgb(getComputedStyle(one).backgroundColor);
      if (own[3] === 255) return own;
    }
    return [255, 255, 255, 255];
  };
  const found = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, svg = element.closest("svg"), text = node.textContent.trim();
    const unseen = element.closest(".hidden, .skip, option, script, title") || element.classList.contains("inside");
    if (!text || unseen || !element.getClientRects().length) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const both = [light(rgb(svg ? style.fill : style.color)), light(ground(svg || element))].sort((one, other) => other - one);
    const ratio = (both[0] + 0.05) / (both[1] + 0.05), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.add(`${element.localName} ${element.getAttribute("class")}: ${ratio.toFixed(2)} ${text.slice(0, 30)}`);
  }
  return [...found].slice(0, 8);
})();
