// Listens to the security events of the server. The connection also tells whether the server is there.

/** @param hear - is given each event; `connected` is given whether the server answers, whenever that changes */
export function listen(hear, connected) {
  const seen = new Set();
  let last = '';
  let source;
  let isUp;

  function open() {
    source?.close();
    source = new EventSource(`/events?after=${encodeURIComponent(last)}`);
    source.addEventListener('open', () => tell(true));
    source.addEventListener('error', () => {
      tell(false);
      // The browser tries again by itself, unless something else than events was answered.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 2_000);
    });
    source.addEventListener('message', ({ data, lastEventId }) => {
      last = lastEventId;
      if (seen.has(lastEventId)) return;
      seen.add(lastEventId);
      hear(JSON.parse(data));
    });
  }

  function tell(up) {
    if (isUp !== up) connected(up);
    isUp = up;
  }

  // A browser opens six connections to a server, and each tab would hold one.
  document.addEventListener('visibilitychange', () => (document.hidden ? source.close() : open()));
  open();
}
