package identity

// Reason says in plain words why something is so or cannot be done.
// Code is stable and meant for programs; VI and EN are whole sentences for
// people and hold no personal data.
type Reason struct{ Code, VI, EN string }
