// Package certify makes certified electronic copies (chứng thực bản sao điện tử
// từ bản chính): a register of numbers, a statement page (trang lời chứng) after
// the scan, the official's signature and the agency's over it.
//
// Certification is a durable act, not a database transaction. A line of the
// register is reserved in one short transaction; the file is then prepared and
// signed outside any transaction, each result recorded in its own; the last
// completes the line, and with it whatever the application ties to it. A line is
// reserved, certified or cancelled with a reason; its number is never given
// twice, and no file leaves before the line is complete.
//
// Sources: Decree 23/2015/NĐ-CP, Articles 12 to 20; Decree 45/2020/NĐ-CP,
// Article 10; Decree 30/2020/NĐ-CP, Annex I and Articles 25, 32; Circular
// 01/2020/TT-BTP, Article 4 (numbering).
package certify
