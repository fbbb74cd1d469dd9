package esign

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func validPlan() *Plan {
	return &Plan{Key: "k", Document: "ref", Signatures: []PlannedSignature{
		{Field: "Người ký", Holder: "h", Page: 1, Rect: Rect{10, 10, 100, 50}, Appearance: "ref"}, {Field: "Cơ quan", Holder: "h"},
	}}
}

func TestPlanIsChecked(t *testing.T) {
	t.Parallel()
	_, err := validPlan().normalised()
	require.NoError(t, err)
	for name, change := range map[string]func(*Plan){
		"no key":             func(p *Plan) { p.Key = "" },
		"long key":           func(p *Plan) { p.Key = strings.Repeat("k", 129) },
		"key not UTF-8":      func(p *Plan) { p.Key = "\xff" },
		"no document":        func(p *Plan) { p.Document = "" },
		"long title":         func(p *Plan) { p.Title = strings.Repeat("ữ", 201) },
		"no signatures":      func(p *Plan) { p.Signatures = nil },
		"17 signatures":      func(p *Plan) { p.Signatures = make([]PlannedSignature, 17) },
		"no field":           func(p *Plan) { p.Signatures[0].Field = "" },
		"field with a stop":  func(p *Plan) { p.Signatures[0].Field = "a.b" },
		"field twice":        func(p *Plan) { p.Signatures[1].Field = norm.NFD.String("Người ký") },
		"no holder":          func(p *Plan) { p.Signatures[0].Holder = "" },
		"long reason":        func(p *Plan) { p.Signatures[0].Reason = strings.Repeat("a", 501) },
		"unknown level":      func(p *Plan) { p.Signatures[0].Level = 7 },
		"page before first":  func(p *Plan) { p.Signatures[0].Page = -1 },
		"visible on no page": func(p *Plan) { p.Signatures[0].Page = 0 },
		"empty rectangle":    func(p *Plan) { p.Signatures[0].Rect.X2 = 10 },
		"turned rectangle":   func(p *Plan) { p.Signatures[0].Rect = Rect{100, 50, 10, 10} },
		"no number":          func(p *Plan) { p.Signatures[0].Rect.X2 = math.NaN() },
		"endless":            func(p *Plan) { p.Signatures[0].Rect.X2 = math.Inf(1) },
		"unseen appearance":  func(p *Plan) { p.Signatures[0].Rect = Rect{} },
	} {
		p := validPlan()
		change(p)
		_, err := p.normalised()
		require.ErrorIs(t, err, ErrInvalid, name)
	}
	var none *Plan
	_, err = none.normalised()
	require.ErrorIs(t, err, ErrInvalid)
}

// A plan and its normal form are the same plan, and the normal form is one.
func TestPlanNormalForm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aăâđêôơưnghĩaỨửÁ\u0301\u0323\u0302 ")), 0, 40, -1)
		p := validPlan()
		p.Title = text.Draw(t, "title")
		p.Signatures[0].Reason = text.Draw(t, "reason")
		once, err := p.normalised()
		require.NoError(t, err)
		twice, err := once.normalised()
		require.NoError(t, err)
		require.Equal(t, once, twice)
		p.Title = norm.NFD.String(p.Title)
		other, err := p.normalised()
		require.NoError(t, err)
		_, a, err := once.encode()
		require.NoError(t, err)
		_, b, err := other.encode()
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for c := CodeUnknown; c <= CodeUnauthorised; c++ {
		err := failWith(c, errEffort, "the thing")
		require.Error(t, sentinel(c), c.String())
		require.ErrorIs(t, err, sentinel(c))
		require.ErrorIs(t, err, errEffort)
		require.Equal(t, c, ErrorCode(err))
	}
	require.NoError(t, sentinel(CodeOK))
	require.Equal(t, CodeOK, ErrorCode(nil))
	require.Equal(t, CodeUnknown, ErrorCode(errEffort))
	for s := StageOpen; s <= StageCancelled; s++ {
		require.NotContains(t, s.String(), "stage")
	}
	require.Equal(t, "stage 9", Stage(9).String())
}
