// The page: a login form, or the notes of the user who is logged in.
import { call, login, logout } from './session.js';

const [loginForm, main, heading, list, addForm, logoutButton, status] = [
  ...['#login', 'main', 'h1', 'ul', '#add', '#logout', '[role=status]'],
].map((selector) => document.querySelector(selector));

/** Shows the notes, or the login form if there is no session any more. */
async function show() {
  const answer = await call('/notes');
  loginForm.hidden = answer.ok;
  main.hidden = !answer.ok;
  if (!answer.ok) return;
  const { owner, notes } = await answer.json();
  heading.textContent = `Notes of ${owner}`;
  list.replaceChildren(
    ...notes.map((text) => Object.assign(document.createElement('li'), { textContent: text })),
  );
}

/** Does what the user asks for, says how it went, and shows what there is now. */
async function act(name, send) {
  const answer = await send();
  status.textContent = `${name}: ${answer.status}`;
  await show();
}

loginForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(loginForm));
  void act('Log in', () => login(username, password));
});
addForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const json = Object.fromEntries(new FormData(addForm));
  void act('Add', () => call('/notes', { method: 'POST', json }));
});
logoutButton.addEventListener('click', () => void act('Log out', logout));

// A tab that comes back may have an old token, or its session may be over.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void show();
});
void show();
