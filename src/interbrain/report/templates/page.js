(function () {
  "use strict";
  var chosen = null;
  var bar = document.querySelector(".pick");
  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }
  function choose(dyad) {
    chosen = chosen === dyad ? null : dyad;
    each(".dyad[data-dyad]", function (el) { el.classList.toggle("lit", el.getAttribute("data-dyad") === chosen); });
    each("svg.fig", function (svg) { svg.classList.toggle("choosing", chosen !== null && !!svg.querySelector(".dyad.lit")); });
    each("[data-pick]", function (b) { b.setAttribute("aria-pressed", String(b.getAttribute("data-pick") === chosen)); });
  }
  if (bar) { bar.hidden = false; }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-pick]");
    var mark = event.target.closest("svg .dyad[data-dyad], tr.dyad[data-dyad]");
    if (button) { choose(button.getAttribute("data-pick")); } else if (mark) { choose(mark.getAttribute("data-dyad")); }
  });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape" && chosen !== null) { choose(chosen); } });
  window.addEventListener("beforeprint", function () {
    each("details:not([open])", function (d) {
      if (!d.closest("figure") && d.querySelectorAll("tr").length <= 40) { d.open = true; d.setAttribute("data-printed", ""); }
    });
  });
  window.addEventListener("afterprint", function () {
    each("[data-printed]", function (d) { d.open = false; d.removeAttribute("data-printed"); });
  });
})();
