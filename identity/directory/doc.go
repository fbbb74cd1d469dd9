// Package directory knows a province's units and officials: dated YAML from an
// fs.FS, checked as a whole, looked up as of any day, and reloaded without a
// restart.
//
// A unit (đơn vị) is a chain of dated versions under an agency code, with links to
// its successors, so that the reorganisation of 1 July 2025 is an ordinary day: old
// codes resolve for ever and their work is found at the heirs. Officials hold posts
// that carry roles between two days; grants say which role does which step; a
// delegation (A thay B) passes roles on for a while. From these the package makes
// the identity.Policy.
//
// The format is described in docs/format.md.
package directory
