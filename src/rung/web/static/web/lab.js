// Improves pages that work without it: dropping files, showing how far an upload is, saving drafts.
"use strict";

// A form with data-drop takes files that are dropped on it and says how much has been sent.
for (const form of document.querySelectorAll("form[data-drop]")) {
  const box = form.querySelector(".drop");
  const input = form.querySelector("input[type=file]");
  const bar = form.querySelector("progress");
  const say = form.querySelector("[role=status]");
  for (const kind of ["dragenter", "dragover"]) {
    box.addEventListener(kind, (event) => { event.preventDefault(); box.classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) {
    box.addEventListener(kind, () => box.classList.remove("over"));
  }
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    if (!input.files.length) return;
    event.preventDefault();
    if (form.dataset.most && input.files[0].size > Number(form.dataset.most)) {
      say.textContent = form.dataset.large;
      return;
    }
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    bar.hidden = false;
    request.upload.addEventListener("progress", (sent) => {
      if (!sent.lengthComputable) return;
      bar.value = sent.loaded / sent.total;
      say.textContent = form.dataset.sending.replace("%", Math.floor(100 * bar.value) + " %");
    });
    request.addEventListener("load", () => {
      const next = request.getResponseHeader("X-Next");
      if (next) { window.location.assign(next); return; }
      // signed out meanwhile: the answer is another page
      if (new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
        window.location.assign(request.responseURL);
        return;
      }
      document.open(); document.write(request.responseText); document.close();
    });
    request.addEventListener("error", () => { say.textContent = form.dataset.failed; bar.hidden = true; });
    request.send(new FormData(form));
  });
}

// A form with data-draft saves itself a moment after each change; the page says so.
for (const form of document.querySelectorAll("form[data-draft]")) {
  let waiting = null;
  const say = form.querySelector("[data-saved]");
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const body = new FormData(form);
      body.set("draft", "1");
      let saved;
      try {
        const answer = await fetch(form.dataset.draft, { method: "POST", body, credentials: "same-origin" });
        saved = await answer.json();
      } catch {
        say.textContent = form.dataset.unsaved;  // no connection, or the session has ended
        return;
      }
      if (saved.version !== undefined) form.elements.version.value = saved.version;
      say.textContent = saved.says;
    }, 800);
  });
}

// What must be read first after a form came back gets the focus.
document.querySelector("[data-focus]")?.focus();

// Menus close when one leaves them.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

// A secret that is shown once is selected whole when one comes to it.
for (const input of document.querySelectorAll("input[data-select]")) {
  input.addEventListener("focus", () => input.select());
}
