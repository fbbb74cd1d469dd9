package nationalportal

// Item is one dossier of the message DongBoHoSoMC. Names are the portal's own.
type Item struct {
	MaHoSo          string `json:"MaHoSo"` // dossier code
	MaTTHC          string `json:"MaTTHC"` // procedure code
	TenTTHC         string `json:"TenTTHC"`
	MaLinhVuc       string `json:"MaLinhVuc"`
	TenLinhVuc      string `json:"TenLinhVuc"`
	KenhThucHien    string `json:"KenhThucHien"` // 1 counter, 2 online, 3 post
	ChuHoSo         string `json:"ChuHoSo"`      // owner's name
	LoaiDoiTuong    string `json:"LoaiDoiTuong"` // 1 citizen, 2 enterprise, 3 state agency, 4 other organisation
	MaDoiTuong      string `json:"MaDoiTuong"`   // the portal's id of the account, for online filing
	ThongTinKhac    string `json:"ThongTinKhac"`
	Email           string `json:"Email"`
	Fax             string `json:"Fax"`
	SoDienThoai     string `json:"SoDienThoai"`
	TrichYeuHoSo    string `json:"TrichYeuHoSo"` // at most 1000 characters
	NgayNopHoSo     string `json:"NgayNopHoSo"`
	NgayTiepNhan    string `json:"NgayTiepNhan"`
	NgayHenTra      string `json:"NgayHenTra"`
	NgayTra         string `json:"NgayTra"`
	NgayTuChoi      string `json:"NgayTuChoi"`
	TrangThaiHoSo   string `json:"TrangThaiHoSo"` // 1 to 10
	ThongTinTra     string `json:"ThongTinTra"`
	HinhThuc        string `json:"HinhThuc"` // 1 when the result goes by post, else 0
	NgayKetThucXuLy string `json:"NgayKetThucXuLy"`
	DonViXuLy       string `json:"DonViXuLy"` // unit's name
	GhiChu          string `json:"GhiChu"`
	NoiNopHoSo      string `json:"NoiNopHoSo"` // 1 national portal, 2 here
	// HoSoCoThanhPhanSoHoa is 1 when a component was digitised, else 0.
	HoSoCoThanhPhanSoHoa string `json:"HoSoCoThanhPhanSoHoa"`
	// TaiKhoanDuocXacThucVoiVNeID is 1 when the filer signed in by VNeID, else 0.
	TaiKhoanDuocXacThucVoiVNeID string `json:"TaiKhoanDuocXacThucVoiVNeID"`
	// DuocThanhToanTrucTuyen is 1 paid on the national portal, 2 by the province's gateway, 3 otherwise.
	DuocThanhToanTrucTuyen string           `json:"DuocThanhToanTrucTuyen"`
	DinhDanhCHS            []OwnerID        `json:"DinhDanhCHS"`
	DSKetNoiCSDL           []Database       `json:"DSKetNoiCSDL"`
	TaiLieuNop             []Paper          `json:"TaiLieuNop"`
	DanhSachLePhi          []FeeItem        `json:"DanhSachLePhi"`
	DanhSachTepDinhKemKhac []Attachment     `json:"DanhSachTepDinhKemKhac"`
	DanhSachHoSoBoSung     []SupplementItem `json:"DanhSachHoSoBoSung"`
	DanhSachGiayToKetQua   []ResultPaper    `json:"DanhSachGiayToKetQua"`
}

// OwnerID is an identity number of the owner: LoaiDinhDanh 1 is the personal id
// of twelve digits, 2 the old card of nine.
type OwnerID struct {
	LoaiDinhDanh string `json:"LoaiDinhDanh"`
	SoDinhDanh   string `json:"SoDinhDanh"`
}

// Database names a national database that was asked. The code list is not public.
type Database struct {
	MaCSDL string `json:"MaCSDL"`
}

// Paper is one component as filed. The Duoc… flags are 0 or 1 (DuocTaiSuDung also 2).
type Paper struct {
	TepDinhKemID      string `json:"TepDinhKemId"`
	TenTepDinhKem     string `json:"TenTepDinhKem"` // at most 4000 characters
	IsDeleted         string `json:"IsDeleted"`     // True or False
	MaThanhPhanHoSo   string `json:"MaThanhPhanHoSo"`
	DuongDanTaiTepTin string `json:"DuongDanTaiTepTin"`
	DuocSoHoa         string `json:"DuocSoHoa"`
	DuocTaiSuDung     string `json:"DuocTaiSuDung"`
	DuocLayTuKhoDMQG  string `json:"DuocLayTuKhoDMQG"`
	MaKetQuaThayThe   string `json:"MaKetQuaThayThe"`
}

// FeeItem is one fee: HinhThucThu 1 at reception, 2 at supplement, 4 at return;
// LoaiPhiLePhi 1 phí, 2 lệ phí (our reading); Gia in đồng.
type FeeItem struct {
	TenPhiLePhi  string `json:"TenPhiLePhi"`
	MaPhiLePhi   string `json:"MaPhiLePhi"`
	HinhThucThu  string `json:"HinhThucThu"`
	Gia          string `json:"Gia"`
	LoaiPhiLePhi string `json:"LoaiPhiLePhi"`
}

// Attachment is another paper, LoaiGiayTo as the sender names it.
type Attachment struct {
	TenGiayTo  string `json:"TenGiayTo"`
	SoLuong    string `json:"SoLuong"`
	LoaiGiayTo string `json:"LoaiGiayTo"`
}

// SupplementItem is one supplement request. TrangThaiBoSung 0 asked, 1 supplied (our reading).
type SupplementItem struct {
	HoSoBoSungID         string       `json:"HoSoBoSungId"`
	NguoiYeuCauBoSung    string       `json:"NguoiYeuCauBoSung"`
	NoiDungBoSung        string       `json:"NoiDungBoSung"`
	NgayBoSung           string       `json:"NgayBoSung"`
	NguoiTiepNhanBoSung  string       `json:"NguoiTiepNhanBoSung"`
	ThongTinTiepNhan     string       `json:"ThongTinTiepNhan"`
	NgayTiepNhanBoSung   string       `json:"NgayTiepNhanBoSung"`
	TrangThaiBoSung      string       `json:"TrangThaiBoSung"`
	DanhSachGiayToBoSung []Attachment `json:"DanhSachGiayToBoSung"`
	DanhSachLePhiBoSung  []FeeItem    `json:"DanhSachLePhiBoSung"`
	NgayHenTraTruoc      string       `json:"NgayHenTraTruoc"`
	NgayHenTraMoi        string       `json:"NgayHenTraMoi"`
}

// ResultPaper is one result. MaGiayToKetQua and the link let the indicators
// count an electronic result.
type ResultPaper struct {
	TenGiayTo            string `json:"TenGiayTo"`
	MaThanhPhanHoSo      string `json:"MaThanhPhanHoSo"`
	GiayToID             string `json:"GiayToId"`
	DuongDanTepTinKetQua string `json:"DuongDanTepTinKetQua"`
	MaGiayToKetQua       string `json:"MaGiayToKetQua"`
}
