package scan

import "fmt"

// Reason says one thing in plain words, for a program (Code), in Vietnamese and in English. Codes are frozen, texts not.
type Reason struct {
	Code string `json:"code"`
	VI   string `json:"vi"`
	EN   string `json:"en"`
}

// Words returns what a class means and what to do about it. For a class that is none of the constants all three texts are
// its own value.
func Words(c Class) Reason {
	w, ok := words[c]
	if !ok {
		return Reason{Code: string(c), VI: string(c), EN: string(c)}
	}
	return Reason{Code: string(c), VI: w[0], EN: w[1]}
}

var words = map[Class][2]string{
	Polyglot: {
		"Tệp chứa cả dữ liệu không thuộc PDF (ví dụ tệp ZIP), nên mỗi phần mềm có thể hiểu một cách. Hãy quét lại giấy tờ và nộp tệp mới.",
		"The file holds data that is not part of the PDF (a ZIP, for instance), so programs may read it differently. Scan the paper again."},
	NotPDF: {
		"Tệp này không phải là PDF. Hãy quét giấy tờ và lưu dưới dạng PDF; đổi tên ảnh hoặc tệp Word thành .pdf là không đủ.",
		"The file is not a PDF. Scan the paper and save it as PDF; renaming a picture or a Word file is not enough."},
	TooLarge: {
		"Tệp vượt quá dung lượng cho phép. Hãy quét lại với độ phân giải 200-300 dpi, hoặc chia thành nhiều tệp.",
		"The file is larger than allowed. Scan again at 200 to 300 dpi, or split it."},
	Broken: {
		"Tệp PDF bị hỏng hoặc sai cấu trúc, mỗi phần mềm có thể hiển thị một khác. Hãy quét lại, hoặc in ra và quét lại.",
		"The PDF is damaged or breaks the standard, so viewers may show it differently. Scan again, or print it and scan the print."},
	Bomb: {
		"Tệp khi mở ra quá lớn hoặc quá phức tạp so với mức cho phép. Hãy in ra và quét lại.",
		"Opened, the file is larger or more complex than allowed. Print it and scan the print."},
	PageCount: {
		"Tệp không có trang nào hoặc có nhiều trang hơn mức cho phép. Hãy quét lại, hoặc chia thành nhiều tệp.",
		"The file has no pages, or more than allowed. Scan again, or split it."},
	Encrypted: {
		"Tệp PDF có mật khẩu hoặc bị hạn chế quyền sử dụng. Hãy lưu lại không có mật khẩu, hoặc in ra và quét lại.",
		"The PDF has a password or restricted rights. Save it without, or print it and scan the print."},
	Signed: {
		"Tệp đã có chữ ký số hoặc dấu thời gian; thêm lời chứng vào sẽ làm thay đổi tệp đã ký. Hãy quét từ bản chính bằng giấy.",
		"The file already has an electronic signature or time stamp, and a statement would change what was signed. Scan the paper original."},
	Form: {
		"Tệp có ô nhập liệu (biểu mẫu), nội dung có thể bị thay đổi sau khi đối chiếu. Hãy in ra và quét lại.",
		"The file has form fields, so it could change after the comparison. Print it and scan the print."},
	JavaScript: {
		"Tệp có chứa mã lệnh JavaScript. Hãy in ra và quét lại.",
		"The file holds JavaScript code. Print it and scan the print."},
	Launch: {
		"Tệp có lệnh mở chương trình, mở tệp khác hoặc gửi dữ liệu đi nơi khác. Hãy in ra và quét lại.",
		"The file has an action that starts a program, opens another file or sends data. Print it and scan the print."},
	EmbeddedFile: {
		"Tệp có chứa tệp đính kèm, âm thanh, phim hoặc mô hình 3D. Hãy bỏ phần đính kèm, hoặc in ra và quét lại.",
		"The file holds attached files, sound, film or 3D models. Remove them, or print it and scan the print."},
	Annotation: {
		"Tệp có ghi chú, con dấu hoặc hình vẽ được đặt chồng lên trang, có thể che nội dung. Hãy in ra và quét lại.",
		"Notes, stamps or drawings lie over a page and may hide what is on it. Print the file and scan the print."},
	Layers: {
		"Tệp có lớp nội dung có thể bật hoặc tắt, hoặc bản in khác với màn hình. Hãy in ra và quét lại.",
		"The file has layers that can be switched on or off, or prints other than it shows. Print it and scan the print."},
}

// onPage adds where a fault is.
func onPage(r Reason, page int) Reason {
	if page > 0 {
		r.VI = fmt.Sprintf("Trang %d: %s", page, r.VI)
		r.EN = fmt.Sprintf("Page %d: %s", page, r.EN)
	}
	return r
}
