// The enrolment page: reads the link's token from the fragment and talks to this server only.
"use strict";
const token = location.hash.slice(1);
// The link must not stay in the history of a shared browser.
history.replaceState(null, "", location.pathname);
const at = (id) => document.getElementById(id);
const say = (text) => { at("state").textContent = text; };

async function send(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    credentials: "omit",
  });
  const text = await response.text();
  const data = text ? JSON.parse(text) : {};
  if (!response.ok) throw new Error(data.title || "something went wrong");
  return data;
}

send("/auth/enrolment", { token }).then((enrolment) => {
  at("name").textContent = enrolment.name;
  at("login").textContent = enrolment.login;
  at("secret").textContent = enrolment.secret;
  at("form").hidden = false;
  say("");
}).catch((error) => say(error.message));

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { token, password: at("password").value, code: at("code").value };
  send("/auth/enrol", body).then(() => {
    at("form").remove();
    say("Done. You can sign in now.");
  }).catch((error) => say(error.message));
});
