// Package slip makes the papers a one-stop desk hands out, as PDF:
//
//   - form 01, receipt and appointment slip (Giấy tiếp nhận hồ sơ và hẹn trả kết quả);
//   - form 02, request to supplement (Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ);
//   - form 03, refusal to receive (Phiếu từ chối tiếp nhận giải quyết hồ sơ).
//
// The number and circular of a form come from the caller, by the law of the day
// (procedures.Forms). Text is embedded, extractable and NFC; the same input
// always gives the same bytes. The QR code opens the public look-up with the
// dossier code filled in and never holds the look-up code, which is printed
// beside it. All functions may be called concurrently.
//
// The fonts are Liberation Serif, see FONT-LICENSE.txt.
package slip
