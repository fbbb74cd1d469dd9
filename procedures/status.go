package procedures

import (
	_ "embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync"
)

// Status is a number of the National Public Service Portal's status list
// (trạng thái hồ sơ), 1 to 10. Zero means not yet filed.
type Status int

// The statuses, in the portal's numbers.
const (
	StatusNone       Status = 0  // chưa nộp
	StatusRequested  Status = 1  // Mới đăng ký
	StatusReceived   Status = 2  // Được tiếp nhận
	StatusRefused    Status = 3  // Không được tiếp nhận
	StatusHandling   Status = 4  // Đang xử lý
	StatusSupplement Status = 5  // Yêu cầu bổ sung giấy tờ
	StatusPayment    Status = 6  // Yêu cầu thực hiện nghĩa vụ tài chính
	StatusWithdrawal Status = 7  // Công dân yêu cầu rút hồ sơ
	StatusStopped    Status = 8  // Dừng xử lý
	StatusDone       Status = 9  // Đã xử lý xong
	StatusReturned   Status = 10 // Đã trả kết quả
)

// StatusInfo is one row of the list.
type StatusInfo struct {
	Code Status
	Name Text // the official label and its translation
	Next []Status
}

// StatusTable is the status list with the moves it allows. The list is the
// portal's; the moves are a reading of the law, and a folder may replace them
// by its own statuses.yaml.
type StatusTable struct {
	rows []StatusInfo
}

// Info returns a row; false for an unknown number.
func (t *StatusTable) Info(s Status) (StatusInfo, bool) {
	i := slices.IndexFunc(t.rows, func(r StatusInfo) bool { return r.Code == s })
	if i < 0 {
		return StatusInfo{}, false
	}
	return t.rows[i], true
}

// All lists the rows by number.
func (t *StatusTable) All() []StatusInfo { return slices.Clone(t.rows) }

// Allows says whether a dossier shown with status a may next be shown with b.
// Staying is always allowed; from "not yet filed" only to 1.
func (t *StatusTable) Allows(a, b Status) bool {
	if a == b {
		return true
	}
	if a == StatusNone {
		return b == StatusRequested
	}
	row, ok := t.Info(a)
	return ok && slices.Contains(row.Next, b)
}

//go:embed statuses.yaml
var statusesYAML []byte

var embeddedStatuses = sync.OnceValues(func() (*StatusTable, error) {
	t, found := parseStatuses("statuses.yaml", statusesYAML)
	if len(found) > 0 {
		return nil, fmt.Errorf("procedures: %v", found[0])
	}
	return t, nil
})

// Statuses returns the built-in list. It panics if the embedded file is
// broken, which the package's tests rule out.
func Statuses() *StatusTable {
	t, err := embeddedStatuses()
	if err != nil {
		panic(err)
	}
	return t
}

// loadStatuses reads statuses.yaml from the folder, or the built-in list when
// the folder has none.
func loadStatuses(fsys fs.FS) (*StatusTable, []Finding, error) {
	text, err := readLimited(fsys, "statuses.yaml")
	if isNotExist(err) {
		return Statuses(), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	t, found := parseStatuses("statuses.yaml", text)
	return t, found, nil
}

func parseStatuses(file string, text []byte) (*StatusTable, []Finding) {
	var f findings
	docs, flt := parseYAML(file, text)
	if flt != nil {
		f.add(file, flt.line, flt.rule, flt.remedy, "%s", flt.text)
		return nil, f.list
	}
	if len(docs) != 1 {
		f.add(file, 0, "file-form", "write one document", "%d documents", len(docs))
		return nil, f.list
	}
	o := f.object(docs[0], "status list", "format", "statuses")
	o.need("format", "statuses")
	checkFormat(o)
	t := &StatusTable{}
	list := docs[0].get("statuses")
	if list == nil || list.kind != mappingNode {
		return nil, f.sorted()
	}
	for _, e := range list.entries {
		n, err := strconv.Atoi(e.key)
		if err != nil || n < 1 || n > 99 {
			f.at(e.at(), "value-range", "from 1 to 99", "%q is no status number", e.key)
			continue
		}
		s := f.object(e.value, "status "+e.key, "name", "next")
		s.need("name", "next")
		row := StatusInfo{Code: Status(n), Name: s.text("name")}
		if next := e.value.get("next"); next != nil {
			for _, it := range next.items {
				v, err := strconv.Atoi(it.value)
				if err != nil || list.get(it.value) == nil {
					f.at(it, "status-unknown", "name a status of this list", "status %s leads to %q", e.key, it.value)
				}
				row.Next = append(row.Next, Status(v))
			}
		}
		t.rows = append(t.rows, row)
	}
	slices.SortFunc(t.rows, func(a, b StatusInfo) int { return int(a.Code - b.Code) })
	return t, f.sorted()
}
