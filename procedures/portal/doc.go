// Package portal is the site people use: citizens find a procedure, file and
// follow a dossier, pay and collect; officials work through theirs; anybody looks
// a dossier up or checks a signed file. It is for whoever runs a province and
// mounts it as an [http.Handler] beside the routes of sign-in.
//
// Pages are server-rendered HTML without script. Every form carries the version
// it was made for and an idempotency key, so a double click acts once and a stale
// page shows a conflict; every POST that changes something answers 303. A GET
// changes nothing, the access journal apart. Programs that accept
// application/json get problem details (RFC 9457) in place of the trouble pages.
//
// # Marks for programs
//
// Forms have an id and, where they take a step, data-event. The element main has
// data-page and, on the pages of a dossier, data-dossier, data-code, data-state,
// data-version and data-national. Items of the list of papers have data-kind and
// data-paper. A refused scan's page has data-class on main.
//
// # Theme
//
// A theme is a folder laid over the built-in one, file by file: templates/*.html,
// words/vi.yaml and words/en.yaml (only the words that differ), static/colours.css,
// static/style.css, static/logo.svg. Pages below /en are the same in English.
package portal
