// The enrolment page: reads the link's token from the fragment and talks to this server only.
import { qr } from "./qr.js";

const at = (id) => document.getElementById(id);
const form = at("form");
let token = "";
let sending = false;

// What the server, or its absence, has to say; `status` is 0 when there was no answer.
class Refused extends Error {
  constructor(status, title, field) {
    super(title);
    this.status = status;
    this.field = field;
  }
}

async function send(path, body) {
  let response;
  let data = {};
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
      signal: AbortSignal.timeout(60000),
    });
    const text = await response.text();
    // Something in between may answer in a form of its own.
    if (/json/.test(response.headers.get("Content-Type"))) data = JSON.parse(text);
  } catch {
    throw new Refused(0, "the service did not answer");
  }
  if (!response.ok) throw new Refused(response.status, data.title || "the service cannot do this now", data.field);
  return data;
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1) + ".";

// Ends with words in place of the form; the focus goes there, as what had it is gone.
function end(text) {
  token = "";
  form.remove();
  at("state").textContent = text;
  at("title").focus();
}

function start() {
  token = location.hash.slice(1);
  // Out of the address bar and the way back. The browser's list of visited pages may keep it until
  // the link is used up: nothing here can change that.
  history.replaceState(null, "", location.pathname);
  if (token === "") {
    at("state").textContent = "Open your link again: this page does not keep it.";
    return;
  }
  at("state").textContent = "Reading your link\u2026";
  send("/auth/enrolment", { token }).then(show, (refused) => {
    if (refused.status === 404) end(sentence(refused.message));
    else at("state").textContent = sentence(refused.message) + " Open your link again in a moment.";
  });
}

function show(enrolment) {
  at("name").textContent = enrolment.name;
  at("login").textContent = enrolment.login;
  at("username").value = enrolment.login;
  // In groups of four: people type it.
  at("secret").textContent = enrolment.secret.match(/.{1,4}/g).join(" ");
  at("uri").href = enrolment.uri;
  draw(qr(enrolment.uri));
  at("state").textContent = "";
  form.hidden = false;
}

// Dark modules as squares, with the quiet zone of four that the standard wants around them.
function draw(modules) {
  at("scan").hidden = modules === null;
  if (modules === null) return;
  const size = modules.length + 8;
  at("qr").setAttribute("viewBox", `0 0 ${size} ${size}`);
  const squares = modules.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")));
  at("qr").firstElementChild.setAttribute("d", squares.join(""));
}

// Says what is wrong, where it is: at a field, which gets the focus, or at the button.
function refuse(text, field) {
  for (const id of ["password", "code"]) {
    at(id).setAttribute("aria-invalid", String(id === field));
    at(id).setAttribute("aria-describedby", id === field ? `error ${id}-hint` : `${id}-hint`);
  }
  if (field === "password" || field === "code") at(field).after(at("error"));
  else at("submit").before(at("error"));
  at("error").textContent = text;
  if (field === "password" || field === "code") at(field).focus();
}

async function enrol() {
  const password = at("password").value;
  // Apps show the code in two groups.
  const code = at("code").value.replace(/\s/g, "");
  if (password === "") return refuse("Choose a password.", "password");
  if (!/^[0-9]{6}$/.test(code)) return refuse("Type the six digits that the app shows now.", "code");
  refuse("");
  // Browsers remember what stands in fields that show it.
  reveal(false);
  const login = at("login").textContent;
  try {
    await send("/auth/enrol", { token, password, code });
    document.title = "You are set up - Vouchsafe";
    at("title").textContent = "You are set up";
    end(`Sign in as ${login} with your password and the next code of the app: each code works once. Your link is used up, and you can close this page.`);
  } catch (refused) {
    if (refused.status === 404) end(sentence(refused.message));
    else if (refused.status === 0) {
      refuse("The service did not answer, so this may be done or not. Try again; if your link is not valid then, you are set up.");
    } else refuse(sentence(refused.message), refused.field);
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return; // a second click would find the link used up by the first
  sending = true;
  at("submit").setAttribute("aria-disabled", "true");
  await enrol();
  sending = false;
  if (form.isConnected) at("submit").setAttribute("aria-disabled", "false");
});

function reveal(shown) {
  at("reveal").checked = shown;
  at("password").type = shown ? "text" : "password";
}

at("reveal").addEventListener("change", () => reveal(at("reveal").checked));

// A link that is pasted where another was open.
addEventListener("hashchange", () => {
  if (location.hash.length > 1) location.reload();
});

start();
