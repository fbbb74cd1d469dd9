package esign

// verifyWords holds what the verifier says: Vietnamese, English. The code is what programs read.
var verifyWords = map[string][2]string{
	"valid": {
		"Chữ ký hợp lệ; tài liệu không bị thay đổi sau khi ký.",
		"The signature is valid; nothing was changed after signing."},

	// The file as a whole.
	"unsigned": {
		"Tệp không có chữ ký số.",
		"The file has no electronic signature."},
	"not-pdf": {
		"Tệp không phải là PDF.",
		"The file is not a PDF."},
	"malformed": {
		"Cấu trúc tệp PDF bị hỏng hoặc sai chuẩn nên không thể biết nội dung nào đã được ký.",
		"The PDF is damaged or breaks the standard, so nobody can tell what was signed."},
	"encrypted": {
		"Tệp PDF bị mã hoá; hãy kiểm tra bản không mã hoá.",
		"The PDF is encrypted; check an unencrypted copy."},
	"too-large": {
		"Tệp vượt giới hạn xử lý của bộ kiểm tra.",
		"The file exceeds what the verifier is willing to process."},
	"detached-signature": {
		"Tệp có dữ liệu chữ ký nhưng không gắn với trường chữ ký nào.",
		"The file holds signature data that belongs to no signature field."},
	"revocation-not-checked": {
		"Chưa kiểm tra chứng thư số có bị thu hồi hay không.",
		"Whether the certificates were revoked was not checked."},

	// What a signature covers.
	"byte-range": {
		"Chữ ký không bao phủ toàn bộ phiên bản tài liệu.",
		"The signature does not cover its whole revision of the document."},
	"signature-object": {
		"Đối tượng chữ ký trong tệp không đúng quy cách hoặc khác với lúc ký.",
		"The signature object is not built as it must be, or differs from what was signed."},
	"contents-altered": {
		"Phần chứa chữ ký đã bị sửa hoặc không đúng quy cách (chữ hoa/thường lẫn lộn, phần đệm khác 0).",
		"The bytes that hold the signature were altered or are irregular (mixed case, padding other than zero)."},
	"revision-unreadable": {
		"Không đọc được phiên bản tài liệu đã ký.",
		"The revision that was signed can't be read."},
	"unsupported-form": {
		"Dạng chữ ký này không được chấp nhận.",
		"This form of signature is not accepted."},

	// The signature itself.
	"cms-unreadable": {
		"Không đọc được dữ liệu chữ ký.",
		"The signature data can't be read."},
	"signer-count": {
		"Dữ liệu chữ ký phải có đúng một người ký.",
		"The signature data must name exactly one signer."},
	"content-inside": {
		"Dữ liệu chữ ký mang nội dung riêng, không phải nội dung tài liệu.",
		"The signature data carries content of its own instead of the document's."},
	"no-signed-attributes": {
		"Chữ ký thiếu các thuộc tính được ký.",
		"The signature lacks signed attributes."},
	"bad-attributes": {
		"Thuộc tính được ký bị thiếu, lặp hoặc mâu thuẫn.",
		"A signed attribute is missing, doubled or contradicts its surroundings."},
	"digest": {
		"Nội dung đã bị thay đổi sau khi ký.",
		"The content was changed after it was signed."},
	"signature-value": {
		"Giá trị chữ ký không đúng với chứng thư số.",
		"The signature value does not match the certificate."},
	"unsupported-algorithm": {
		"Thuật toán chữ ký không được hỗ trợ.",
		"The signature algorithm is not supported."},
	"weak-algorithm": {
		"Chữ ký dùng thuật toán hoặc độ dài khoá không còn được chấp nhận: %s.",
		"The signature uses an algorithm or key size that is no longer accepted: %s."},
	"irregular": {
		"Dữ liệu chữ ký có phần không được chữ ký bảo vệ và không đúng quy cách: %s.",
		"The signature data has irregular parts that the signature does not protect: %s."},

	// The certificate.
	"certificate-missing": {
		"Không có chứng thư số của người ký.",
		"The signer's certificate is missing."},
	"certificate-unreadable": {
		"Không đọc được chứng thư số.",
		"A certificate can't be read."},
	"certificate-mismatch": {
		"Chứng thư số trong tệp không phải của người ký.",
		"The certificates in the file are not the signer's."},
	"binding-missing": {
		"Chữ ký không ghi rõ chứng thư số đã dùng (thiếu thuộc tính ESS).",
		"The signature does not say which certificate was used (no ESS attribute)."},
	"binding-weak": {
		"Chữ ký gắn với chứng thư số bằng SHA-1, cách gắn đã cũ.",
		"The signature is bound to its certificate by SHA-1, an outdated way."},
	"binding-mismatch": {
		"Chữ ký ghi một chứng thư số khác với chứng thư số trong tệp.",
		"The signature names another certificate than the one in the file."},
	"unknown-root": {
		"Chưa xác định được độ tin cậy: chứng thư số không dẫn tới gốc tin cậy nào đã khai báo.",
		"Trust is undecided: the certificate leads to none of the trusted roots given."},
	"path-broken": {
		"Đường dẫn chứng thực bị hỏng: một chứng thư số không do tổ chức ghi trên đó ký.",
		"The certification path is broken: a certificate is not signed by the issuer it names."},
	"path-refused": {
		"Đường dẫn chứng thực không hợp lệ.",
		"The certification path is not valid."},
	"certificate-expired": {
		"Chứng thư số không còn hoặc chưa có hiệu lực vào thời điểm ký chứng minh được.",
		"The certificate was not valid at the time that can be proved."},
	"certificate-usage": {
		"Chứng thư số không dùng để ký tài liệu.",
		"The certificate is not meant for signing documents."},
	"certificate-extra": {
		"Dữ liệu chữ ký chứa chứng thư số không thuộc đường dẫn đã kiểm tra.",
		"The signature data holds a certificate that is not on the verified path."},

	// Time.
	"time-claimed": {
		"Thời điểm ký do người ký tự ghi, chưa có dấu thời gian chứng minh.",
		"The time is what the signer claims; no time stamp proves it."},
	"time-future": {
		"Thời điểm ký ở tương lai so với đồng hồ của bộ kiểm tra.",
		"The time of signing lies in the future of the verifier's clock."},
	"time-outside": {
		"Thời điểm ký tự ghi nằm ngoài thời hạn của chứng thư số.",
		"The claimed time lies outside the certificate's validity."},
	"timestamp-broken": {
		"Dấu thời gian không thuộc về chữ ký này hoặc đã bị sửa.",
		"The time stamp does not belong to this signature or was altered."},
	"timestamp-unreadable": {
		"Không đọc được dấu thời gian.",
		"The time stamp can't be read."},
	"timestamp-certificate-missing": {
		"Không có chứng thư số của dấu thời gian.",
		"The certificate of the time stamp is missing."},
	"timestamp-usage": {
		"Chứng thư số của dấu thời gian không dành riêng cho việc cấp dấu thời gian.",
		"The time stamp's certificate is not meant for time stamping alone."},
	"timestamp-untrusted": {
		"Chưa xác định được độ tin cậy của dấu thời gian: không dẫn tới gốc tin cậy nào đã khai báo.",
		"Trust in the time stamp is undecided: it leads to none of the trusted roots given."},
	"timestamp-expired": {
		"Chứng thư số của dấu thời gian đã hết hạn và chưa được gia hạn bằng dấu thời gian mới.",
		"The time stamp's certificate has expired and no later time stamp renews it."},

	// What came later.
	"changed-page": {
		"Nội dung trang %d đã bị thay đổi sau khi ký.",
		"What page %d shows was changed after signing."},
	"changed-pages": {
		"Số trang hoặc thứ tự trang đã bị thay đổi sau khi ký.",
		"Pages were added, removed or reordered after signing."},
	"changed-annotation": {
		"Chú thích hoặc trường trên trang %d đã bị thêm, bớt hoặc sửa sau khi ký.",
		"An annotation or field on page %d was added, removed or changed after signing."},
	"changed-field": {
		"Trường biểu mẫu “%s” đã bị thay đổi sau khi ký theo cách không được phép.",
		"Form field “%s” was changed after signing in a way that is not allowed."},
	"changed-document": {
		"Cấu trúc tài liệu đã bị thay đổi sau khi ký.",
		"The document's structure was changed after signing."},
	"bytes-appended": {
		"Có dữ liệu được thêm vào cuối tệp sau khi ký.",
		"Data was appended to the file after signing."},
	"comparison-failed": {
		"Không so sánh được tài liệu với phiên bản đã ký.",
		"The document can't be compared with the revision that was signed."},
	"later-signature": {
		"Sau đó có thêm chữ ký trong trường “%s”.",
		"Field “%s” was signed later."},
	"later-visible-field": {
		"Sau đó có thêm trường chữ ký nhìn thấy được “%s”; hãy xem lại phiên bản đã ký.",
		"A visible signature field “%s” was added later; look at the revision that was signed."},
	"later-large-field": {
		"Chữ ký sau trong trường “%s” che phần lớn trang hoặc trước đó bị ẩn; hãy xem lại phiên bản đã ký.",
		"The later signature in field “%s” covers much of its page or was hidden; look at the revision that was signed."},
	"later-form-fill": {
		"Sau khi ký có điền trường biểu mẫu “%s”; hãy xem lại phiên bản đã ký.",
		"Form field “%s” was filled in after signing; look at the revision that was signed."},
	"later-validation-data": {
		"Sau đó có bổ sung dữ liệu kiểm tra chữ ký.",
		"Validation data was added later."},
	"later-metadata": {
		"Sau đó thông tin mô tả tệp được cập nhật.",
		"The description of the file was updated later."},
}
