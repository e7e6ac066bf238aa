"""One function per verb, over a lab or a file. Both front ends call it."""
