package desk

import (
	"encoding/json"

	"github.com/motcua/motcua/workflow"
)

// reasonOf reads the reason an entry's body gives; empty once it is erased.
func reasonOf(en *workflow.Entry) string {
	var b body
	if json.Unmarshal(en.Body, &b) != nil {
		return ""
	}
	return b.Reason
}
