/*
 * Search runs in a worker, and a browser starts none for a page that was opened as a file.
 * There the same script runs in a hidden frame, which has a thread of the page's but none of its names.
 * The file's name has to contain "iframe-worker": MkDocs Material would fetch its own from elsewhere otherwise.
 */
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.createElement("iframe");
      frame.hidden = true;
      frame.title = "search";
      document.body.appendChild(frame);
      this.inside = frame.contentWindow;
      const page = frame.contentDocument;
      const load = source => new Promise((done, failed) => {
        const script = page.createElement("script");
        script.onload = done;
        script.onerror = failed;
        script.src = source;
        page.head.appendChild(script);
      });
      this.inside.postMessage = data => this.dispatchEvent(new MessageEvent("message", { data }));
      this.inside.importScripts = (...urls) => urls.reduce((before, next) => before.then(() => load(next)), Promise.resolve());
      this.ready = load(url);
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })));
    }
  };
}
