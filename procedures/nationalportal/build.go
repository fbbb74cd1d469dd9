package nationalportal

import (
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/motcua/motcua/procedures"
)

// Limits of texts, in characters; longer ones are cut as running systems do.
const (
	maxAbstract = 1000 // TrichYeuHoSo
	maxFileName = 4000 // TenTepDinhKem
)

// OwnerKind is who a dossier belongs to (LoaiDoiTuong).
type OwnerKind int

// The kinds, with the portal's numbers.
const (
	Citizen      OwnerKind = 1
	Enterprise   OwnerKind = 2
	StateAgency  OwnerKind = 3
	Organisation OwnerKind = 4
)

// Paid says how the fee was paid (DuocThanhToanTrucTuyen).
type Paid int

// The ways, with the portal's numbers.
const (
	PaidNational Paid = 1 // on the national portal
	PaidLocal    Paid = 2 // by the province's gateway
	PaidOffline  Paid = 3 // at the counter, or nothing was due
)

// Dossier is the neutral input: what a desk knows of one dossier. Zero times
// and empty texts are absent. Whoever fills it decides what personal data
// leaves the province.
type Dossier struct {
	Code        procedures.DossierCode
	Procedure   *procedures.Procedure
	Channel     procedures.Channel
	Status      procedures.Status
	OwnerName   string
	OwnerKind   OwnerKind
	OwnerIDs    []string // of twelve or nine digits
	Account     string   // the portal's id of the filer's account, for online filing
	Email       string
	Phone       string
	Abstract    string
	Filed       time.Time
	Received    time.Time
	Due         time.Time
	Finished    time.Time // end of handling (status 9)
	Returned    time.Time
	Refused     time.Time
	ReturnNote  string
	ByPost      bool // the result goes by post
	Unit        string
	Note        string
	OnPortal    bool // filed on the national portal
	Digitised   bool
	VNeID       bool
	Paid        Paid
	Databases   []string
	Papers      []PaperInput
	Fees        []procedures.FeeLine
	FeesTaken   string // at reception (1), supplement (2) or return (4); empty = 1
	Supplements []Supplement
	Results     []ResultInput
}

// PaperInput is one filed component.
type PaperInput struct {
	ID, Name, Component, Link string
	Digitised, FromStore      bool
	Reused                    int // 0, 1 or 2
	Replaces                  string
}

// Supplement is one request and its answer.
type Supplement struct {
	ID, By, Text   string
	Asked          time.Time
	ReceivedBy     string
	ReceivedNote   string
	Supplied       time.Time
	DueBefore, Due time.Time
}

// ResultInput is one result paper.
type ResultInput struct{ ID, Name, Component, Link, Code string }

// Build makes the item. It changes nothing but form: texts become NFC and are
// cut at the portal's limits, times become Vietnamese ones. Call
// [Item.Validate] before sending.
func Build(d *Dossier) *Item {
	it := &Item{
		MaHoSo: d.Code.String(), KenhThucHien: number(d.Channel.National()),
		ChuHoSo: text(d.OwnerName), LoaiDoiTuong: number(int(d.OwnerKind)), MaDoiTuong: d.Account, Email: d.Email, SoDienThoai: d.Phone,
		TrichYeuHoSo: cut(d.Abstract, maxAbstract), NgayNopHoSo: Time(d.Filed), NgayTiepNhan: Time(d.Received), NgayHenTra: Time(d.Due),
		NgayTra: Time(d.Returned), NgayTuChoi: Time(d.Refused), NgayKetThucXuLy: Time(d.Finished), TrangThaiHoSo: number(int(d.Status)),
		ThongTinTra: text(d.ReturnNote), HinhThuc: flag(d.ByPost), DonViXuLy: text(d.Unit), GhiChu: text(d.Note), NoiNopHoSo: "2",
		HoSoCoThanhPhanSoHoa: flag(d.Digitised), TaiKhoanDuocXacThucVoiVNeID: flag(d.VNeID), DuocThanhToanTrucTuyen: number(int(d.Paid)),
		DinhDanhCHS: []OwnerID{}, DSKetNoiCSDL: []Database{}, TaiLieuNop: []Paper{}, DanhSachLePhi: []FeeItem{},
		DanhSachTepDinhKemKhac: []Attachment{}, DanhSachHoSoBoSung: []SupplementItem{}, DanhSachGiayToKetQua: []ResultPaper{},
	}
	if p := d.Procedure; p != nil {
		it.MaTTHC, it.TenTTHC = p.Code, text(p.Name.VI)
		it.MaLinhVuc, it.TenLinhVuc = p.Sector.Code, text(p.Sector.Name.VI)
	}
	if d.OnPortal {
		it.NoiNopHoSo = "1"
	}
	if d.Paid == 0 {
		it.DuocThanhToanTrucTuyen = number(int(PaidOffline))
	}
	if d.Channel != procedures.Online {
		it.MaDoiTuong = "" // sent for online filing only
	}
	lists(it, d)
	return it
}

func lists(it *Item, d *Dossier) {
	for _, id := range d.OwnerIDs {
		kind := "1"
		if len(id) == 9 {
			kind = "2"
		}
		it.DinhDanhCHS = append(it.DinhDanhCHS, OwnerID{kind, id})
	}
	for _, c := range d.Databases {
		it.DSKetNoiCSDL = append(it.DSKetNoiCSDL, Database{c})
	}
	for _, p := range d.Papers {
		it.TaiLieuNop = append(it.TaiLieuNop, Paper{
			TepDinhKemID: p.ID, TenTepDinhKem: cut(p.Name, maxFileName), IsDeleted: "False", MaThanhPhanHoSo: p.Component,
			DuongDanTaiTepTin: p.Link, DuocSoHoa: flag(p.Digitised), DuocTaiSuDung: strconv.Itoa(p.Reused),
			DuocLayTuKhoDMQG: flag(p.FromStore), MaKetQuaThayThe: p.Replaces,
		})
	}
	taken := d.FeesTaken
	if taken == "" {
		taken = "1"
	}
	for _, f := range d.Fees {
		kind := "1"
		if f.Kind == procedures.FeeLePhi {
			kind = "2"
		}
		it.DanhSachLePhi = append(it.DanhSachLePhi, FeeItem{text(f.Name.VI), f.Fee, taken, strconv.FormatInt(f.Amount, 10), kind})
	}
	for _, s := range d.Supplements {
		it.DanhSachHoSoBoSung = append(it.DanhSachHoSoBoSung, SupplementItem{
			HoSoBoSungID: s.ID, NguoiYeuCauBoSung: text(s.By), NoiDungBoSung: text(s.Text), NgayBoSung: Time(s.Asked),
			NguoiTiepNhanBoSung: text(s.ReceivedBy), ThongTinTiepNhan: text(s.ReceivedNote), NgayTiepNhanBoSung: Time(s.Supplied),
			TrangThaiBoSung: flag(!s.Supplied.IsZero()), NgayHenTraTruoc: Time(s.DueBefore), NgayHenTraMoi: Time(s.Due),
			DanhSachGiayToBoSung: []Attachment{}, DanhSachLePhiBoSung: []FeeItem{},
		})
	}
	for _, r := range d.Results {
		it.DanhSachGiayToKetQua = append(it.DanhSachGiayToKetQua, ResultPaper{text(r.Name), r.Component, r.ID, r.Link, r.Code})
	}
}

// timeForm is the portal's form of a time.
const timeForm = "20060102150405"

// Time writes a time as yyyyMMddHHmmss at +07:00; the zero time is empty.
func Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(procedures.Zone).Format(timeForm)
}

// ParseTime reads what [Time] writes.
func ParseTime(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(timeForm, s, procedures.Zone)
	if err != nil || len(s) != len(timeForm) {
		return time.Time{}, &procedures.Error{Code: procedures.CodeInvalid, Text: "a portal time is yyyyMMddHHmmss"}
	}
	return t, nil
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func text(s string) string { return norm.NFC.String(s) }

func cut(s string, limit int) string {
	s = text(s)
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return text(string([]rune(s)[:limit]))
}
