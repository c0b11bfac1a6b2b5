declare const document: { readonly cookie: string };

let refreshing: Promise<Response> | undefined;

export function refresh(): Promise<Response> {
  const csrf = /(?:^|; )csrf_refresh_token=([^;]+)/.exec(document.cookie)?.[1] ?? '';
  refreshing ??= fetch('/refresh', { method: 'POST', headers: { 'X-CSRF-TOKEN': csrf } }).finally(
    () => (refreshing = undefined),
  );
  return refreshing;
}
