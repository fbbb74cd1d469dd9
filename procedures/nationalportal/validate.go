package nationalportal

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/procedures"
)

// Problem is one field the portal would not take. It never repeats a value.
type Problem struct {
	Field   string // the portal's name, with the index in a list: TaiLieuNop[0].DuocSoHoa
	Problem string
}

// String names field and problem on one line.
func (p Problem) String() string { return p.Field + ": " + p.Problem }

var (
	procedureCode = regexp.MustCompile(`^\d\.\d{6}(\.[A-Z0-9]+)*$`)
	amountForm    = regexp.MustCompile(`^\d{1,12}$`)
	personalID    = regexp.MustCompile(`^\d{12}$`)
	oldCard       = regexp.MustCompile(`^\d{9}$`)
)

type validator struct{ out []Problem }

func (v *validator) bad(field, format string, args ...any) {
	v.out = append(v.out, Problem{field, fmt.Sprintf(format, args...)})
}

func (v *validator) need(field, value string) {
	if value == "" {
		v.bad(field, "is required")
	}
}

// oneOf takes the listed values; an empty first one lets the field be absent.
func (v *validator) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.bad(field, "must be one of %q", allowed)
	}
}

func (v *validator) time(field, value string) time.Time {
	t, err := ParseTime(value)
	if err != nil {
		v.bad(field, "must be yyyyMMddHHmmss or empty")
	}
	return t
}

func (v *validator) text(field, value string, limit int) {
	if utf8.RuneCountInString(value) > limit {
		v.bad(field, "has more than %d characters", limit)
	}
	if !norm.NFC.IsNormalString(value) {
		v.bad(field, "is not NFC")
	}
}

// Validate lists what the portal would not take, or what contradicts itself: a
// received dossier without its hour, a due date before reception. It is empty
// for an item that may be sent.
func (it *Item) Validate() []Problem {
	v := &validator{}
	for _, f := range [][2]string{
		{"MaHoSo", it.MaHoSo}, {"MaTTHC", it.MaTTHC}, {"TenTTHC", it.TenTTHC}, {"MaLinhVuc", it.MaLinhVuc},
		{"TenLinhVuc", it.TenLinhVuc}, {"LoaiDoiTuong", it.LoaiDoiTuong}, {"TrangThaiHoSo", it.TrangThaiHoSo},
	} {
		v.need(f[0], f[1])
	}
	if _, err := procedures.ParseDossierCode(it.MaHoSo); it.MaHoSo != "" && err != nil {
		v.bad("MaHoSo", "is no dossier code")
	}
	if it.MaTTHC != "" && !procedureCode.MatchString(it.MaTTHC) {
		v.bad("MaTTHC", "is no procedure code")
	}
	v.oneOf("KenhThucHien", it.KenhThucHien, "", "1", "2", "3")
	v.oneOf("LoaiDoiTuong", it.LoaiDoiTuong, "", "1", "2", "3", "4")
	v.oneOf("HinhThuc", it.HinhThuc, "", "0", "1")
	v.oneOf("NoiNopHoSo", it.NoiNopHoSo, "", "1", "2")
	v.oneOf("HoSoCoThanhPhanSoHoa", it.HoSoCoThanhPhanSoHoa, "", "0", "1")
	v.oneOf("TaiKhoanDuocXacThucVoiVNeID", it.TaiKhoanDuocXacThucVoiVNeID, "", "0", "1")
	v.oneOf("DuocThanhToanTrucTuyen", it.DuocThanhToanTrucTuyen, "", "1", "2", "3")
	if s, err := strconv.Atoi(it.TrangThaiHoSo); it.TrangThaiHoSo != "" {
		if _, known := procedures.Statuses().Info(procedures.Status(s)); err != nil || !known {
			v.bad("TrangThaiHoSo", "must be from 1 to 10")
		}
	}
	v.text("TrichYeuHoSo", it.TrichYeuHoSo, maxAbstract)
	v.text("TenTTHC", it.TenTTHC, maxFileName)
	v.text("ChuHoSo", it.ChuHoSo, maxFileName)
	v.times(it)
	v.lists(it)
	return v.out
}

// times checks forms, presence by status and order.
func (v *validator) times(it *Item) {
	filed, received := v.time("NgayNopHoSo", it.NgayNopHoSo), v.time("NgayTiepNhan", it.NgayTiepNhan)
	due, done := v.time("NgayHenTra", it.NgayHenTra), v.time("NgayKetThucXuLy", it.NgayKetThucXuLy)
	returned, refused := v.time("NgayTra", it.NgayTra), v.time("NgayTuChoi", it.NgayTuChoi)
	missing := func(field string, t time.Time, statuses ...string) {
		if t.IsZero() && slices.Contains(statuses, it.TrangThaiHoSo) {
			v.bad(field, "is required in status %s", it.TrangThaiHoSo)
		}
	}
	missing("NgayTiepNhan", received, "2", "4", "6", "9", "10")
	missing("NgayHenTra", due, "2", "4", "6", "9", "10")
	missing("NgayKetThucXuLy", done, "9", "10")
	missing("NgayTra", returned, "10")
	missing("NgayTuChoi", refused, "3")
	before := func(field string, t, earlier time.Time, than string) {
		if !t.IsZero() && !earlier.IsZero() && t.Before(earlier) {
			v.bad(field, "lies before %s", than)
		}
	}
	before("NgayTiepNhan", received, filed, "NgayNopHoSo")
	before("NgayHenTra", due, received, "NgayTiepNhan")
	before("NgayKetThucXuLy", done, received, "NgayTiepNhan")
	before("NgayTra", returned, done, "NgayKetThucXuLy")
	before("NgayTuChoi", refused, filed, "NgayNopHoSo")
}

func (v *validator) lists(it *Item) {
	for i, x := range it.DinhDanhCHS {
		at := fmt.Sprintf("DinhDanhCHS[%d].", i)
		v.oneOf(at+"LoaiDinhDanh", x.LoaiDinhDanh, "1", "2")
		if x.LoaiDinhDanh == "1" && !personalID.MatchString(x.SoDinhDanh) || x.LoaiDinhDanh == "2" && !oldCard.MatchString(x.SoDinhDanh) {
			v.bad(at+"SoDinhDanh", "has the wrong number of digits")
		}
	}
	for i, x := range it.DSKetNoiCSDL {
		v.need(fmt.Sprintf("DSKetNoiCSDL[%d].MaCSDL", i), x.MaCSDL)
	}
	for i, x := range it.TaiLieuNop {
		at := fmt.Sprintf("TaiLieuNop[%d].", i)
		v.need(at+"TepDinhKemId", x.TepDinhKemID)
		v.need(at+"TenTepDinhKem", x.TenTepDinhKem)
		v.text(at+"TenTepDinhKem", x.TenTepDinhKem, maxFileName)
		v.oneOf(at+"IsDeleted", x.IsDeleted, "True", "False")
		v.oneOf(at+"DuocSoHoa", x.DuocSoHoa, "", "0", "1")
		v.oneOf(at+"DuocTaiSuDung", x.DuocTaiSuDung, "", "0", "1", "2")
		v.oneOf(at+"DuocLayTuKhoDMQG", x.DuocLayTuKhoDMQG, "", "0", "1")
	}
	for i, x := range it.DanhSachLePhi {
		v.fee(fmt.Sprintf("DanhSachLePhi[%d].", i), x)
	}
	for i, x := range it.DanhSachHoSoBoSung {
		at := fmt.Sprintf("DanhSachHoSoBoSung[%d].", i)
		v.need(at+"HoSoBoSungId", x.HoSoBoSungID)
		v.need(at+"NoiDungBoSung", x.NoiDungBoSung)
		v.need(at+"NgayBoSung", x.NgayBoSung)
		asked, answered := v.time(at+"NgayBoSung", x.NgayBoSung), v.time(at+"NgayTiepNhanBoSung", x.NgayTiepNhanBoSung)
		if !answered.IsZero() && answered.Before(asked) {
			v.bad(at+"NgayTiepNhanBoSung", "lies before NgayBoSung")
		}
		v.time(at+"NgayHenTraTruoc", x.NgayHenTraTruoc)
		v.time(at+"NgayHenTraMoi", x.NgayHenTraMoi)
		v.oneOf(at+"TrangThaiBoSung", x.TrangThaiBoSung, "0", "1")
		for j, f := range x.DanhSachLePhiBoSung {
			v.fee(fmt.Sprintf("%sDanhSachLePhiBoSung[%d].", at, j), f)
		}
	}
	for i, x := range it.DanhSachGiayToKetQua {
		v.need(fmt.Sprintf("DanhSachGiayToKetQua[%d].TenGiayTo", i), x.TenGiayTo)
	}
}

func (v *validator) fee(at string, f FeeItem) {
	v.need(at+"TenPhiLePhi", f.TenPhiLePhi)
	v.oneOf(at+"HinhThucThu", f.HinhThucThu, "1", "2", "3", "4")
	v.oneOf(at+"LoaiPhiLePhi", f.LoaiPhiLePhi, "1", "2")
	if !amountForm.MatchString(f.Gia) {
		v.bad(at+"Gia", "must be whole đồng in digits")
	}
}
