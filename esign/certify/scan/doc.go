// Package scan decides whether an uploaded PDF may become a certified electronic copy (chứng thực bản sao điện tử từ bản
// chính), before an official compares it with the paper.
//
// What is certified is what was compared, so a scan must look the same to everyone, today and later, on screen and on
// paper. [Check] refuses what could look otherwise: damage that viewers repair each in their own way, layers that are
// off, forms, drawn-over annotations, code, actions that leave the document, files inside the file, and files that are
// another format as well. It never repairs and never drops what it refuses: whoever sent the file is told to print and
// scan it again.
//
// A layer that is on for screen, print and export, with nothing in the file that could switch it off, is what everyone
// sees. Acrobat leaves such layers in most scans; Check takes the layering away and keeps the drawing, once, before the
// comparison. It does so by an incremental update: the uploaded file stays the first part of the result, byte by byte, so
// that what the citizen sent can still be shown. Everything that follows (statement page, signatures) is appended the same
// way. A file without layers stays as it is.
//
// Each check is bounded in time and memory whatever the file says. Nothing follows an address found in a file.
package scan
