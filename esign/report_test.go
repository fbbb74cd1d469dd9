package esign_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/esign/internal/pdf"
)

func TestReportInWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := signed(t, blank(t), recipe{by: w.official})
	twice := signed(t, file, recipe{by: w.agency, field: agencyRef, stamp: w.tsa})
	r := verify(t, twice, w.trusting())
	require.Equal(t, 0, r.Exit())
	vi := r.Lines(true)
	require.Equal(t, "HỢP LỆ: Chữ ký hợp lệ; tài liệu không bị thay đổi sau khi ký.", vi[0])
	require.Contains(t, vi, "1. official – Nguyễn Văn A: HỢP LỆ")
	require.Contains(t, vi, "   Thời điểm ký: 15/11/2024 10:00:00 +07:00")
	require.Contains(t, vi, "   Sau đó có thêm chữ ký trong trường “agency”.")
	require.Contains(t, vi, "Chưa kiểm tra chứng thư số có bị thu hồi hay không.")
	en := r.Lines(false)
	require.Equal(t, "VALID: The signature is valid; nothing was changed after signing.", en[0])
	require.Contains(t, en, "   The time is what the signer claims; no time stamp proves it.")

	require.Equal(t, 2, verify(t, file, nil).Exit())
	bad := verify(t, updated(t, file, func(u *pdf.Update) { u.Set(contentRef, pdf.Dict{}) }), w.trusting())
	require.Equal(t, 1, bad.Exit())
	require.Equal(t, "INVALID: What page 1 shows was changed after signing.", bad.Lines(false)[0])
	require.Contains(t, bad.Lines(true), "   Nội dung trang 1 đã bị thay đổi sau khi ký.")

	unsigned := verify(t, blank(t), nil)
	require.Equal(t, 3, unsigned.Exit())
	require.Equal(t, []string{"KHÔNG CÓ CHỮ KÝ: Tệp không có chữ ký số."}, unsigned.Lines(true))
	unreadable := verify(t, []byte("x"), nil)
	require.Equal(t, 3, unreadable.Exit())
	require.Equal(t, []string{"UNREADABLE: The file is not a PDF."}, unreadable.Lines(false))
	require.Equal(t, 1, (&esign.Report{State: esign.Signed}).Exit(), "what nobody filled in is not valid")
	require.Equal(t, 3, (&esign.Report{}).Exit())
}
