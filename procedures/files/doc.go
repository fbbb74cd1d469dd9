// Package files keeps files in a folder, named by the SHA-256 of their content.
//
// It is the simplest implementation of the Files port that esign and procedures
// declare: Put gives a reference, Open reads it back. A file is on the disk,
// with its folder entry, before Put returns, so a reference written to the
// database afterwards never points at nothing, whenever the machine stops. The
// folder must lie on a local file system; past one machine an S3-compatible
// store takes its place.
package files
