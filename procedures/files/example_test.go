package files_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/motcua/motcua/procedures/files"
)

func Example() {
	dir, err := os.MkdirTemp("", "motcua")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	store, err := files.Open(dir, nil)
	if err != nil {
		panic(err)
	}
	ref, err := store.Put(context.Background(), strings.NewReader("abc"))
	if err != nil {
		panic(err)
	}
	fmt.Println(ref[:16])
	r, err := store.Open(context.Background(), ref)
	if err != nil {
		panic(err)
	}
	content, err := io.ReadAll(r)
	fmt.Println(string(content), err, r.Close())
	// Output:
	// ba7816bf8f01cfea
	// abc <nil> <nil>
}
