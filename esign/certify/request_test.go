package certify

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit"
)

var scanOfTests = strings.Repeat("0123456789abcdef", 4)

// What stands at a documented limit of a request is taken; what is one beyond is not.
func TestReserveRequestAtItsEdges(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*ReserveRequest)
		taken  bool
	}{
		"as it should be":           {func(*ReserveRequest) {}, true},
		"no subject":                {func(r *ReserveRequest) { r.Subject = "" }, false},
		"subject of 200 bytes":      {func(r *ReserveRequest) { r.Subject = strings.Repeat("a", 200) }, true},
		"subject of 201 bytes":      {func(r *ReserveRequest) { r.Subject = strings.Repeat("a", 201) }, false},
		"no unit":                   {func(r *ReserveRequest) { r.Unit = "" }, false},
		"unit in small letters":     {func(r *ReserveRequest) { r.Unit = "h10.12" }, false},
		"unit of 40 characters":     {func(r *ReserveRequest) { r.Unit = strings.Repeat("H", 40) }, true},
		"unit no code can name":     {func(r *ReserveRequest) { r.Unit = strings.Repeat("H", 41) }, false},
		"no official":               {func(r *ReserveRequest) { r.Official = "" }, false},
		"no document":               {func(r *ReserveRequest) { r.Document = "" }, false},
		"document of spaces":        {func(r *ReserveRequest) { r.Document = " \t" }, false},
		"document of 250 letters":   {func(r *ReserveRequest) { r.Document = strings.Repeat("ữ", 250) }, true},
		"document of 251 letters":   {func(r *ReserveRequest) { r.Document = strings.Repeat("ữ", 251) }, false},
		"scan of 63 digits":         {func(r *ReserveRequest) { r.Scan = r.Scan[1:] }, false},
		"scan of 65 digits":         {func(r *ReserveRequest) { r.Scan += "0" }, false},
		"scan in capital letters":   {func(r *ReserveRequest) { r.Scan = strings.ToUpper(r.Scan) }, false},
		"no pages":                  {func(r *ReserveRequest) { r.Pages = 0 }, false},
		"a negative count of pages": {func(r *ReserveRequest) { r.Pages = -1 }, false},
		"several pages":             {func(r *ReserveRequest) { r.Pages = 2 }, true},
		"no copies":                 {func(r *ReserveRequest) { r.Copies = 0 }, false},
		"several copies":            {func(r *ReserveRequest) { r.Copies = 2 }, true},
	} {
		r := &ReserveRequest{Subject: "d1", Unit: "H10.12", Official: "o", Document: "Bằng", Scan: scanOfTests, Pages: 1, Copies: 1}
		c.change(r)
		err := r.check()
		if c.taken {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, ErrInvalid, name)
	}
}

// A reason is asked for before anything is read, so none of these needs a database.
func TestCancelWantsAReason(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"", strings.Repeat("a", 501)} {
		_, err := (&Service{}).CancelTx(t.Context(), nil, &CancelRequest{Subject: "d1", Reason: reason})
		require.ErrorIs(t, err, ErrInvalid, len(reason))
	}
}

func TestTokenAtItsEdges(t *testing.T) {
	t.Parallel()
	public, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	book := bookName(1, 2024)
	require.Equal(t, "01/2024-SCTĐT/BS", book)
	for name, c := range map[string]struct {
		change func(*Token)
		taken  bool
	}{
		"as it should be":          {func(*Token) {}, true},
		"trial":                    {func(x *Token) { x.Trial = true }, true},
		"no issuer":                {func(x *Token) { x.Issuer = "" }, false},
		"issuer of 40 characters":  {func(x *Token) { x.Issuer = strings.Repeat("H", 40) }, true},
		"issuer of 41 characters":  {func(x *Token) { x.Issuer = strings.Repeat("H", 41) }, false},
		"issuer that ends in dot":  {func(x *Token) { x.Issuer = "H10." }, false},
		"issuer in small letters":  {func(x *Token) { x.Issuer = "h10" }, false},
		"no book":                  {func(x *Token) { x.Book = "" }, false},
		"book with a semicolon":    {func(x *Token) { x.Book = "01/2024-A;B" }, false},
		"number 0":                 {func(x *Token) { x.Number = 0 }, false},
		"number before the first":  {func(x *Token) { x.Number = -1 }, false},
		"the largest number":       {func(x *Token) { x.Number = 1<<63 - 1 }, true},
		"scan of 63 digits":        {func(x *Token) { x.Scan = x.Scan[1:] }, false},
		"scan with a capital":      {func(x *Token) { x.Scan = "A" + x.Scan[1:] }, false},
		"scan with something else": {func(x *Token) { x.Scan += ";" }, false},
	} {
		x := &Token{Issuer: "H10.12", Book: book, Number: 1, Scan: scanOfTests}
		c.change(x)
		text, err := x.Sign(key)
		if !c.taken {
			require.ErrorIs(t, err, ErrToken, name)
			// Nor is it believed when the key has signed it all the same.
			text = sealed(key, x.signed())
			_, err = ParseToken(text, public)
			require.ErrorIs(t, err, ErrToken, name)
			continue
		}
		require.NoError(t, err, name)
		got, err := ParseToken(text, public)
		require.NoError(t, err, name)
		require.Equal(t, x, got, name)
	}
}

func sealed(key ed25519.PrivateKey, text string) string {
	return text + ";" + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// Codes that the key signed, but that say something else than codes say.
func TestTokensOfAnotherForm(t *testing.T) {
	t.Parallel()
	public, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	good := "CTDT1;H10.12;01/2024-A;7;" + scanOfTests
	_, err = ParseToken(sealed(key, good), public)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"another prefix":    sealed(key, "CTDT2"+good[5:]),
		"another mark":      sealed(key, good+";THẬT"),
		"more than a mark":  sealed(key, good+";"+TrialMark+";x"),
		"fewer parts":       sealed(key, good[:strings.LastIndexByte(good, ';')]),
		"a number in words": sealed(key, strings.Replace(good, ";7;", ";bảy;", 1)),
		"a number too far":  sealed(key, strings.Replace(good, ";7;", ";9223372036854775808;", 1)),
		"nothing":           "",
		"no parts":          "CTDT1",
		"no signature":      good + ";",
		"no base64":         good + ";!",
		"one letter more":   sealed(key, good) + "A",
	} {
		_, err := ParseToken(text, public)
		require.ErrorIs(t, err, ErrToken, name)
	}
	other, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	for name, k := range map[string]ed25519.PublicKey{"another's": other, "half": public[:16], "none": nil} {
		_, err := ParseToken(sealed(key, good), k)
		require.ErrorIs(t, err, ErrToken, name)
	}
}

type noFiles struct{ esign.Files }

func TestNewWantsWhatItNeeds(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	options := func() *Options {
		return &Options{Files: noFiles{}, Key: key, Names: func(context.Context, string, string, time.Time) (Names, error) {
			return Names{}, nil
		}}
	}
	s, err := New(&sqlkit.DB{}, &esign.Service{}, nil, options())
	require.NoError(t, err)
	require.Equal(t, int64(64<<20), s.o.MaxScan)
	require.Len(t, s.o.NewID(), 26)
	require.NotNil(t, s.o.Logger)
	require.NotNil(t, s.o.Now)
	kept := options()
	day := time.Date(2024, 11, 15, 3, 0, 0, 0, time.UTC)
	kept.MaxScan, kept.NewID, kept.Now = 5, func() string { return "id" }, func() time.Time { return day }
	s, err = New(&sqlkit.DB{}, &esign.Service{}, nil, kept)
	require.NoError(t, err)
	require.Equal(t, int64(5), s.o.MaxScan)
	require.Equal(t, "id", s.o.NewID())
	require.True(t, s.now().Equal(day))
	// Registers are kept in Việt Nam: at 18:00 of New Year's Eve in London it is next year's.
	day = time.Date(2024, 12, 31, 18, 0, 0, 0, time.UTC)
	require.Equal(t, 2025, s.now().Year())

	for name, c := range map[string]func(*Options){
		"files": func(o *Options) { o.Files = nil }, "names": func(o *Options) { o.Names = nil },
		"key": func(o *Options) { o.Key = nil }, "half a key": func(o *Options) { o.Key = o.Key[:32] },
	} {
		o := options()
		c(o)
		_, err := New(&sqlkit.DB{}, &esign.Service{}, nil, o)
		require.Error(t, err, name)
	}
	_, err = New(nil, &esign.Service{}, nil, options())
	require.Error(t, err)
	_, err = New(&sqlkit.DB{}, nil, nil, options())
	require.Error(t, err)
	_, err = New(&sqlkit.DB{}, &esign.Service{}, nil, nil)
	require.Error(t, err)
}
