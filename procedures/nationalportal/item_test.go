package nationalportal_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/nationalportal"
)

func at(h, m int) time.Time { return time.Date(2024, 11, 15, h, m, 0, 0, procedures.Zone) }

// dossier is a returned one with everything filled in.
func dossier(t *testing.T) *nationalportal.Dossier {
	t.Helper()
	cat, found, err := procedures.Load(procedures.National())
	require.NoError(t, err)
	require.Empty(t, found)
	p, err := cat.At("2.000815", at(8, 0))
	require.NoError(t, err)
	code, err := procedures.NewDossierCode("H10.12", at(8, 0), 1)
	require.NoError(t, err)
	return &nationalportal.Dossier{
		Code: code, Procedure: p, Channel: procedures.Online, Status: 10, OwnerName: "Nguyễn Thị Hoa", OwnerKind: nationalportal.Citizen,
		OwnerIDs: []string{"070190000017"}, Account: "tech-1", Filed: at(8, 0), Received: at(8, 30), Due: at(17, 0), Finished: at(10, 0),
		Returned: at(10, 30), Unit: "UBND phường Tân Phú", Digitised: true, Paid: nationalportal.PaidLocal, Abstract: "Bằng tốt nghiệp",
		Papers: []nationalportal.PaperInput{{ID: "f1", Name: "scan.pdf", Component: "original", Digitised: true}},
		Fees: []procedures.FeeLine{{Fee: "certification", Kind: procedures.FeePhi,
			Name: procedures.Text{VI: "Phí chứng thực"}, Unit: 4000, Quantity: 1, Amount: 4000}},
		Supplements: []nationalportal.Supplement{{
			ID: "s1", By: "Công chức tiếp nhận", Text: "Bản chụp trang 2 bị mờ", Asked: at(8, 10), Supplied: at(8, 20), Due: at(17, 0),
		}},
		Results: []nationalportal.ResultInput{{ID: "r1", Name: "Bản sao chứng thực", Code: "KQ.G15.000001"}},
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	it := nationalportal.Build(dossier(t))
	require.Empty(t, it.Validate())
	assert.Equal(t, "H10.12-241115-0001", it.MaHoSo)
	assert.Equal(t, "20241115083000", it.NgayTiepNhan)
	assert.Equal(t, "20241115170000", it.NgayHenTra)
	assert.Equal(t, "10", it.TrangThaiHoSo)
	assert.Equal(t, "2", it.KenhThucHien)
	assert.Equal(t, "4000", it.DanhSachLePhi[0].Gia)

	utc := *dossier(t)
	utc.Received = utc.Received.UTC()
	assert.Equal(t, "20241115083000", nationalportal.Build(&utc).NgayTiepNhan, "the zone is Vietnam's whatever the input's")
}

// TestFieldNames pins the names of the wire format, which are not ours to change.
func TestFieldNames(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(nationalportal.Build(dossier(t)))
	require.NoError(t, err)
	var got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw, &got))
	names := strings.Fields(`MaHoSo MaTTHC TenTTHC MaLinhVuc TenLinhVuc KenhThucHien ChuHoSo LoaiDoiTuong MaDoiTuong ThongTinKhac Email Fax
		SoDienThoai TrichYeuHoSo NgayTiepNhan NgayHenTra NgayTra NgayKetThucXuLy NgayTuChoi NgayNopHoSo TrangThaiHoSo ThongTinTra HinhThuc
		DonViXuLy GhiChu NoiNopHoSo HoSoCoThanhPhanSoHoa TaiKhoanDuocXacThucVoiVNeID DuocThanhToanTrucTuyen DinhDanhCHS DSKetNoiCSDL
		TaiLieuNop DanhSachLePhi DanhSachTepDinhKemKhac DanhSachHoSoBoSung DanhSachGiayToKetQua`)
	for _, n := range names {
		assert.Contains(t, got, n)
	}
	assert.Len(t, got, len(names))
	for list, want := range map[string]string{
		"DinhDanhCHS": "LoaiDinhDanh SoDinhDanh",
		"TaiLieuNop": "TepDinhKemId TenTepDinhKem IsDeleted MaThanhPhanHoSo DuongDanTaiTepTin DuocSoHoa DuocTaiSuDung DuocLayTuKhoDMQG " +
			"MaKetQuaThayThe",
		"DanhSachLePhi": "TenPhiLePhi MaPhiLePhi HinhThucThu Gia LoaiPhiLePhi",
		"DanhSachHoSoBoSung": "HoSoBoSungId NguoiYeuCauBoSung NoiDungBoSung NgayBoSung NguoiTiepNhanBoSung ThongTinTiepNhan " +
			"NgayTiepNhanBoSung TrangThaiBoSung DanhSachGiayToBoSung DanhSachLePhiBoSung NgayHenTraTruoc NgayHenTraMoi",
		"DanhSachGiayToKetQua": "TenGiayTo MaThanhPhanHoSo GiayToId DuongDanTepTinKetQua MaGiayToKetQua",
	} {
		var items []map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(got[list], &items))
		require.Len(t, items, 1, list)
		var keys []string
		for k := range items[0] {
			keys = append(keys, k)
		}
		assert.ElementsMatch(t, strings.Fields(want), keys, list)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*nationalportal.Item)
		field  string
	}{
		"no code":            {func(i *nationalportal.Item) { i.MaHoSo = "" }, "MaHoSo"},
		"odd code":           {func(i *nationalportal.Item) { i.MaHoSo = "H10-1" }, "MaHoSo"},
		"no procedure":       {func(i *nationalportal.Item) { i.MaTTHC = "" }, "MaTTHC"},
		"no sector":          {func(i *nationalportal.Item) { i.TenLinhVuc = "" }, "TenLinhVuc"},
		"channel 4":          {func(i *nationalportal.Item) { i.KenhThucHien = "4" }, "KenhThucHien"},
		"owner 0":            {func(i *nationalportal.Item) { i.LoaiDoiTuong = "0" }, "LoaiDoiTuong"},
		"status 11":          {func(i *nationalportal.Item) { i.TrangThaiHoSo = "11" }, "TrangThaiHoSo"},
		"status word":        {func(i *nationalportal.Item) { i.TrangThaiHoSo = "xong" }, "TrangThaiHoSo"},
		"ISO time":           {func(i *nationalportal.Item) { i.NgayTiepNhan = "2024-11-15" }, "NgayTiepNhan"},
		"month 13":           {func(i *nationalportal.Item) { i.NgayHenTra = "20241315170000" }, "NgayHenTra"},
		"not received":       {func(i *nationalportal.Item) { i.NgayTiepNhan = "" }, "NgayTiepNhan"},
		"not due":            {func(i *nationalportal.Item) { i.NgayHenTra = "" }, "NgayHenTra"},
		"not returned":       {func(i *nationalportal.Item) { i.NgayTra = "" }, "NgayTra"},
		"not finished":       {func(i *nationalportal.Item) { i.NgayKetThucXuLy = "" }, "NgayKetThucXuLy"},
		"refused when":       {func(i *nationalportal.Item) { i.TrangThaiHoSo = "3" }, "NgayTuChoi"},
		"due before receipt": {func(i *nationalportal.Item) { i.NgayHenTra = "20241115080000" }, "NgayHenTra"},
		"receipt before filing": {
			func(i *nationalportal.Item) { i.NgayNopHoSo = "20241115083001" }, "NgayTiepNhan",
		},
		"short id":     {func(i *nationalportal.Item) { i.DinhDanhCHS[0].SoDinhDanh = "123456789" }, "DinhDanhCHS[0].SoDinhDanh"},
		"kind of id":   {func(i *nationalportal.Item) { i.DinhDanhCHS[0].LoaiDinhDanh = "3" }, "DinhDanhCHS[0].LoaiDinhDanh"},
		"flag":         {func(i *nationalportal.Item) { i.TaiLieuNop[0].DuocSoHoa = "yes" }, "TaiLieuNop[0].DuocSoHoa"},
		"amount":       {func(i *nationalportal.Item) { i.DanhSachLePhi[0].Gia = "4.000" }, "DanhSachLePhi[0].Gia"},
		"fee when":     {func(i *nationalportal.Item) { i.DanhSachLePhi[0].HinhThucThu = "5" }, "DanhSachLePhi[0].HinhThucThu"},
		"supplement":   {func(i *nationalportal.Item) { i.DanhSachHoSoBoSung[0].NgayBoSung = "" }, "DanhSachHoSoBoSung[0].NgayBoSung"},
		"long text":    {func(i *nationalportal.Item) { i.TrichYeuHoSo = strings.Repeat("ệ", 1001) }, "TrichYeuHoSo"},
		"NFD":          {func(i *nationalportal.Item) { i.ChuHoSo = norm.NFD.String("Nguyễn") }, "ChuHoSo"},
		"paid unknown": {func(i *nationalportal.Item) { i.DuocThanhToanTrucTuyen = "0" }, "DuocThanhToanTrucTuyen"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			it := nationalportal.Build(dossier(t))
			tc.change(it)
			problems := it.Validate()
			require.NotEmpty(t, problems)
			assert.Equal(t, tc.field, problems[0].Field, "%v", problems)
		})
	}
}

func TestTextsAreCutAndNFC(t *testing.T) {
	t.Parallel()
	d := dossier(t)
	d.Abstract = norm.NFD.String(strings.Repeat("ệ", 1500))
	d.OwnerName = norm.NFD.String("Nguyễn Thị Huệ")
	it := nationalportal.Build(d)
	assert.Equal(t, strings.Repeat("ệ", 1000), it.TrichYeuHoSo)
	assert.Equal(t, "Nguyễn Thị Huệ", it.ChuHoSo)
	assert.Empty(t, it.Validate())
}

func TestAccountOnlyOnline(t *testing.T) {
	t.Parallel()
	d := dossier(t)
	d.Channel = procedures.Counter
	assert.Empty(t, nationalportal.Build(d).MaDoiTuong)
}

func TestTimeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		want := time.Unix(rapid.Int64Range(0, 4_000_000_000).Draw(rt, "seconds"), 0)
		got, err := nationalportal.ParseTime(nationalportal.Time(want))
		require.NoError(rt, err)
		require.True(rt, want.Equal(got))
	})
}
