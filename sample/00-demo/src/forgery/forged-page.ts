/** A page with a form that posts to the demo in the name of whoever opens it. */
export const forgedPage = (action: string) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <meta name="color-scheme" content="light dark" />
    <title>You have won a teapot</title>
  </head>
  <body>
    <main>
      <h1>You have won a teapot</h1>
      <p>
        This page plays the attacker. It comes from another origin than the demo. Its button is a form that posts to
        <code>${action}</code>. Your browser sends your cookies along, but this page cannot read the CSRF value in them.
      </p>
      <p>
        The answer opens here, as a browser shows JSON: a refusal. Then go back to the tab of the demo, where you are still logged in.
      </p>
      <form method="post" action="${action}">
        <input type="hidden" name="csrf_token" value="a-guess" />
        <button>Take my teapot</button>
      </form>
    </main>
  </body>
</html>
`;
