"use strict";
const by = (id) => document.getElementById(id);

async function ask(query, variables) {
  const headers = {
    "content-type": "application/json",
    accept: "application/graphql-response+json, application/json;q=0.9",
  };
  if (by("token").value) headers.authorization = "Bearer " + by("token").value.trim();
  const started = performance.now();
  const response = await fetch("/graphql", {
    method: "POST",
    headers,
    body: JSON.stringify({ query, variables }),
    credentials: "same-origin",
  });
  const text = await response.text();
  const ms = Math.round(performance.now() - started);
  return { status: response.status + " in " + ms + " ms", body: JSON.parse(text) };
}

async function run() {
  by("status").textContent = "…";
  try {
    const variables = by("variables").value.trim();
    const answer = await ask(by("query").value, variables ? JSON.parse(variables) : null);
    by("status").textContent = answer.status;
    by("answer").textContent = JSON.stringify(answer.body, null, 2);
  } catch (error) {
    by("status").textContent = "failed";
    by("answer").textContent = String(error);
  }
}

const typeName = (type) =>
  type.kind === "NON_NULL" ? typeName(type.ofType) + "!" :
  type.kind === "LIST" ? "[" + typeName(type.ofType) + "]" : type.name;

async function schema() {
  const type = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
  const { status, body } = await ask(`{ __schema { queryType { name } mutationType { name } subscriptionType { name }
    types { name kind description
      fields { name description args { name type { ${type} } } type { ${type} } }
      inputFields { name description type { ${type} } } enumValues { name description } } } }`, null);
  by("status").textContent = status;
  if (!body.data) {
    by("answer").textContent = JSON.stringify(body, null, 2);
    return;
  }
  const lines = [];
  for (const entry of body.data.__schema.types) {
    if (entry.name.startsWith("__")) continue;
    lines.push("", entry.kind.toLowerCase() + " " + entry.name, "  " + (entry.description || ""));
    for (const field of entry.fields || entry.inputFields || []) {
      const given = (field.args || []).map((arg) => arg.name + ": " + typeName(arg.type)).join(", ");
      lines.push("  " + field.name + (given ? "(" + given + ")" : "") + ": " + typeName(field.type));
    }
    for (const value of entry.enumValues || []) lines.push("  " + value.name);
  }
  by("answer").textContent = lines.join("\n").trim();
}

by("run").addEventListener("click", run);
by("schema").addEventListener("click", () => schema().catch((error) => { by("answer").textContent = String(error); }));
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
});
ask("{ viewer { user { name } } }", null).then(({ body }) => {
  const viewer = body.data && body.data.viewer;
  if (viewer) by("who").textContent = "signed in as " + viewer.user.name;
}).catch(() => {});
