// Menu on small screens, and search in the index that lies beside the pages.
(function () {
  "use strict";
  document.documentElement.classList.add("js");
  var side = document.getElementById("side");
  var menu = document.getElementById("menu");
  menu.hidden = false;
  function open(shown) {
    side.classList.toggle("open", shown);
    menu.setAttribute("aria-expanded", String(shown));
  }
  menu.addEventListener("click", function () { open(!side.classList.contains("open")); });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape" && side.classList.contains("open")) { open(false); menu.focus(); }
  });
  side.addEventListener("click", function (event) { if (event.target.closest("a")) { open(false); } });

  var form = document.getElementById("search");
  var query = document.getElementById("query");
  var found = document.getElementById("found");
  var results = document.getElementById("results");
  var limit = 30;
  form.hidden = false;

  // Accents and case do not matter; each letter keeps its place.
  function folded(text) {
    return Array.from(text, function (letter) {
      return letter.normalize("NFD").charAt(0).toLowerCase().charAt(0);
    }).join("");
  }
  var entries = (window.searchIndex || []).map(function (entry) {
    return { entry: entry, title: folded(entry.title), text: folded(entry.text) };
  });
  function score(item, words) {
    var sum = 0;
    for (var i = 0; i < words.length; i += 1) {
      if (item.title.indexOf(words[i]) >= 0) { sum += 3; } else if (item.text.indexOf(words[i]) >= 0) { sum += 1; } else { return 0; }
    }
    return sum + (item.entry.kind === "sec" ? 0 : 1);
  }
  function excerpt(item, words) {
    var letters = Array.from(item.entry.text);
    var place = item.text.indexOf(words[0]);
    if (place < 0) { return letters.slice(0, 90).join(""); }
    var start = Math.max(0, place - 40);
    return (start ? "… " : "") + letters.slice(start, place + 70).join("") + (place + 70 < letters.length ? " …" : "");
  }
  function line(item, words) {
    var row = document.createElement("li");
    var link = document.createElement("a");
    var title = document.createElement("strong");
    var text = document.createElement("small");
    link.href = item.entry.href;
    title.textContent = item.entry.title;
    text.textContent = excerpt(item, words);
    link.append(title, text);
    row.append(link);
    return row;
  }
  function search() {
    var words = folded(query.value).split(/\s+/).filter(function (word) { return word.length > 1; });
    var hits = words.length === 0 ? [] : entries
      .map(function (item) { return { item: item, score: score(item, words) }; })
      .filter(function (hit) { return hit.score > 0; })
      .sort(function (a, b) { return b.score - a.score; });
    results.replaceChildren.apply(results, hits.slice(0, limit).map(function (hit) { return line(hit.item, words); }));
    found.textContent = words.length === 0 ? "" :
      hits.length === 0 ? form.dataset.none : form.dataset.count.replace("{count}", String(hits.length));
  }
  query.addEventListener("input", search);
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var first = results.querySelector("a");
    if (first) { first.focus(); }
  });
})();
