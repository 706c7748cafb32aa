// What a run prints, put behind what its page has, as it comes. Without it the page is whole: reload shows more.
"use strict";

const KEPT_CHARS = 2000000;

for (const shown of document.querySelectorAll("pre[data-follow]")) {
  const status = document.querySelector(".follow");
  const source = new EventSource(shown.dataset.follow);
  const atEnd = () => shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 8;

  source.addEventListener("output", (event) => {
    const follow = atEnd();
    // As text: whatever was printed, it is never markup.
    shown.append(document.createTextNode(JSON.parse(event.data).text));
    while (shown.textContent.length > KEPT_CHARS && shown.childNodes.length > 1) {
      shown.firstChild.remove();
    }
    if (follow) {
      shown.scrollTop = shown.scrollHeight;
    }
  });
  source.addEventListener("error", () => {
    if (status && source.readyState === EventSource.CLOSED) {
      status.textContent = "What it prints is no longer shown as it comes: load the page again.";
    }
  });
  source.addEventListener("end", () => {
    source.close();
    if (status) {
      status.textContent = "The attempt has ended. ";
      const again = document.createElement("a");
      again.href = location.href;
      again.textContent = "Show how";
      status.append(again);
    }
  });
  shown.scrollTop = shown.scrollHeight;
}
