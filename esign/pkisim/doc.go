// Package pkisim simulates a certification authority (tổ chức cung cấp dịch vụ
// chứng thực chữ ký số) and a time-stamping authority over HTTP, under one root
// of its own. It keeps its state in a folder: root and keys are made at random at
// the first start and are the same after every later one.
//
// Nothing it signs has legal value, and its names say so. A verifier trusts it
// only where it is told to, by its root.pem.
//
// The two handlers can be mounted anywhere; who listens checks the address with
// [CheckListen].
package pkisim
