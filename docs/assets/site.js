/* A table or a picture that is wider than the screen can be scrolled, so it must be reachable by keyboard as well. */
function reach() {
  for (const scroll of document.querySelectorAll(".md-typeset__scrollwrap, .sheet")) {
    if (scroll.scrollWidth > scroll.clientWidth) {
      scroll.tabIndex = 0;
      scroll.setAttribute("role", "group");
      const what = scroll.matches(".sheet") ? "Picture" : "Table";
      scroll.setAttribute("aria-label", `${what}, scrolls sideways`);
    } else {
      scroll.removeAttribute("tabindex");
      scroll.removeAttribute("role");
      scroll.removeAttribute("aria-label");
    }
  }
}

document$.subscribe(reach);
addEventListener("resize", reach);
addEventListener("toggle", reach, true); // of a fold: what is in it has no width before
