// Package nationalportal speaks the data format of the National Public Service
// Portal (Cổng Dịch vụ công quốc gia).
//
// [Build] makes the item of the message DongBoHoSoMC, which tells the portal of
// a dossier, from neutral input; [Item.Validate] says what the portal would not
// take. The format is the one running provincial systems send: dates are
// yyyyMMddHHmmss at +07:00, what is absent is an empty text, numbers are texts.
// The ministry's own document is not public, so a field's doubt stands beside it.
package nationalportal
