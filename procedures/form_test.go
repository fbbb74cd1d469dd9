package procedures_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures"
)

// answers is a form filled in properly, with changes laid over it; a nil value
// takes an answer away.
func answers(t testing.TB, over map[string]any) json.RawMessage {
	t.Helper()
	a := map[string]any{
		"requester_name": "Nguyễn Thị Hoa", "phone": "0912345678", "document_kind": "diploma", "document_name": "Bằng tốt nghiệp",
		"document_number": "A 123", "issued_on": "2019-06-30", "issuer": "Trường Đại học Y", "language": "vi", "pages": 2, "copies": 3,
		"use_vneid": false, "appointment": "2024-11-18T08:30:00+07:00",
	}
	for k, v := range over {
		if a[k] = v; v == nil {
			delete(a, k)
		}
	}
	text, err := json.Marshal(a)
	require.NoError(t, err)
	return text
}

func TestFormAnswers(t *testing.T) {
	t.Parallel()
	form := national(t).Form
	none, err := form.Validate(answers(t, nil))
	require.NoError(t, err)
	assert.Empty(t, none)
	for name, tc := range map[string]struct {
		over              map[string]any
		field, kind, text string
	}{
		"no name": {map[string]any{"requester_name": nil}, "requester_name", procedures.ProblemMissing,
			"Nhập họ, chữ đệm và tên người yêu cầu"},
		"empty name": {map[string]any{"requester_name": ""}, "requester_name", procedures.ProblemMissing,
			"Nhập họ, chữ đệm và tên người yêu cầu"},
		"no kind": {map[string]any{"document_kind": nil}, "document_kind", procedures.ProblemMissing, "Chọn loại giấy tờ"},
		"odd kind": {map[string]any{"document_kind": "treaty"}, "document_kind", procedures.ProblemForm,
			"Chọn loại giấy tờ trong danh sách"},
		"no page":     {map[string]any{"pages": 0}, "pages", procedures.ProblemRange, "Nhập số trang bản chính từ 1 đến 300"},
		"51 copies":   {map[string]any{"copies": 51}, "copies", procedures.ProblemRange, "Nhập số bản cần chứng thực từ 1 đến 50"},
		"half a copy": {map[string]any{"copies": 1.5}, "copies", procedures.ProblemForm, "Nhập số bản cần chứng thực bằng chữ số"},
		"text number": {map[string]any{"copies": "ba"}, "copies", procedures.ProblemForm, "Nhập số bản cần chứng thực bằng chữ số"},
		"no such day": {map[string]any{"issued_on": "2019-02-30"}, "issued_on", procedures.ProblemForm,
			"Nhập ngày cấp theo ngày, tháng, năm"},
		"odd time": {map[string]any{"appointment": "8 giờ"}, "appointment", procedures.ProblemForm,
			"Nhập thời gian muốn đến theo giờ, ngày, tháng, năm"},
		"odd phone": {map[string]any{"phone": "123"}, "phone", procedures.ProblemForm, "Nhập lại số điện thoại"},
		"long title": {map[string]any{"document_name": strings.Repeat("ệ", 251)}, "document_name", procedures.ProblemRange,
			"Nhập tên giấy tờ, nhiều nhất 250 ký tự"},
		"unasked": {map[string]any{"religion": "x"}, "", procedures.ProblemUnknown, "Tờ khai có mục không được hỏi"},
		"null":    {map[string]any{"issuer": json.RawMessage("null")}, "issuer", procedures.ProblemForm, "Nhập lại cơ quan cấp"},
		"text boolean": {map[string]any{"use_vneid": "có"}, "use_vneid", procedures.ProblemForm,
			"Nhập lại đồng ý tra cứu giấy tờ trên VNeID"},
	} {
		problems, err := form.Validate(answers(t, tc.over))
		require.NoError(t, err, name)
		require.Len(t, problems, 1, name)
		assert.Equal(t, tc.field, problems[0].Field, name)
		assert.Equal(t, tc.kind, problems[0].Kind, name)
		assert.Equal(t, tc.text, problems[0].Text.VI, name)
		assert.NotEmpty(t, problems[0].Text.EN)
	}
}

func TestFormTellsAllAtOnceInOrder(t *testing.T) {
	t.Parallel()
	secret := "070190000017"
	problems, err := national(t).Form.Validate(answers(t, map[string]any{
		"copies": 99, "requester_name": nil, "document_kind": secret, "phone": secret + secret,
	}))
	require.NoError(t, err)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
		assert.NotContains(t, p.Text.VI+p.Text.EN, secret, "what was typed is never repeated")
	}
	assert.Equal(t, []string{"requester_name", "phone", "document_kind", "copies"}, fields)
}

func TestFormRefusesNoObject(t *testing.T) {
	t.Parallel()
	form := national(t).Form
	for _, text := range []string{"", "[]", "null", "{", "1", `{"a":1}{"b":2}`} {
		_, err := form.Validate([]byte(text))
		assert.ErrorIs(t, err, procedures.ErrInvalid, text)
	}
	_, err := form.Validate([]byte(`{"a":"` + strings.Repeat("x", 300<<10) + `"}`))
	assert.ErrorIs(t, err, procedures.ErrLimit)
}

func TestFormFields(t *testing.T) {
	t.Parallel()
	form := national(t).Form
	assert.Equal(t, "requester_name", form.Fields[0].Name, "fields come in the order people see them")
	copies, ok := form.Field("copies")
	require.True(t, ok)
	assert.True(t, copies.Required)
	assert.Equal(t, "integer", copies.Type)
	assert.Equal(t, int64(50), *copies.Max)
	kind, _ := form.Field("document_kind")
	assert.Len(t, kind.Options, 7)
	var schema map[string]any
	require.NoError(t, json.Unmarshal(form.Schema, &schema))
	assert.Equal(t, "object", schema["type"])
}

func FuzzFormAnswers(f *testing.F) {
	list, found := procedures.ParseProcedures("x.yaml", []byte(certified(f)), nil)
	if len(found) > 0 {
		f.Fatal(found)
	}
	form := list[0].Form
	f.Add([]byte(answers(f, nil)))
	f.Add([]byte(`{"pages":1e400,"copies":-0}`))
	f.Add([]byte(`{"requester_name":{"a":[{}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		problems, err := form.Validate(b)
		if err == nil && !json.Valid(b) {
			t.Fatal("took what is no JSON")
		}
		for _, p := range problems {
			if p.Kind == "" || p.Text.VI == "" || p.Text.EN == "" {
				t.Fatalf("poor problem %+v", p)
			}
		}
	})
}
