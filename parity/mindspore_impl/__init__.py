"""MindSpore as a framework under test: native cells, PyNative (eager) or compiled by mindspore.jit from their source."""
