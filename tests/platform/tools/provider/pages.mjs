// The pages that a person sees: plain HTML, nothing from elsewhere, no scripts.

const escaped = (text) =>
  String(text).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** A page with `content`, which is HTML. */
export const page = (title, content) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
body { font: 1rem/1.5 sans-serif; max-width: 22rem; margin: 4rem auto; padding: 0 1rem; }
label, input, button { display: block; width: 100%; box-sizing: border-box; margin: 0 0 .75rem; font: inherit; }
.wrong { color: #a00; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${content}
</body>
</html>
`;

const wrongLine = (wrong) => (wrong ? `<p class="wrong">${escaped(wrong)}</p>` : '');
const CANCEL = '<button name="cancel" value="yes" formnovalidate>Cancel</button>';

/** Asks for user and password. */
export const password = (action, wrong) =>
  page(
    'Sign in',
    `${wrongLine(wrong)}<form method="post" action="${action}">
<label>User <input name="user" autocomplete="off" autofocus required></label>
<label>Password <input name="password" type="password" required></label>
<button name="go" value="yes">Go on</button>
${CANCEL}
</form>`,
  );

/** Asks `person` for what the authenticator shows. */
export const code = (action, person, wrong) =>
  page(
    'Authenticator',
    `${wrongLine(wrong)}<p>${escaped(person.name)}</p><form method="post" action="${action}">
<label>Code <input name="code" autocomplete="off" autofocus required></label>
<button name="go" value="yes">Go on</button>
${CANCEL}
</form>`,
  );

/** Asks whether the application may know who one is. */
export const consent = (action, client, scopes) =>
  page(
    `Let ${client} in?`,
    `<p>It is told: ${escaped(scopes)}.</p><form method="post" action="${action}">
<button name="go" value="yes">Let it in</button>
${CANCEL}
</form>`,
  );

/** Asks for the code that a device shows; `form` is the provider's. */
export const deviceCode = (form, wrong) =>
  page('Your device', `${wrongLine(wrong)}${form}<button type="submit" form="op.deviceInputForm">Go on</button>`);

/** Asks whether it is this code that the device shows. */
export const deviceConfirm = (form, shown) =>
  page(
    'Is this your device?',
    `<p>It shows <strong>${escaped(shown)}</strong>.</p>${form}
<button type="submit" form="op.deviceConfirmForm" name="go" value="yes">Yes</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No</button>`,
  );

/** Asks whether to end the session. */
export const signOut = (form) =>
  page(
    'Sign out?',
    `${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button>`,
  );

/** Says that something is done. */
export const done = (title) => page(title, '<p>You may close this page.</p>');

/** Says that something failed. */
export const failed = (why) => page('That did not work', `<p>${escaped(why)}</p>`);
