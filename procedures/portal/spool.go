package portal

import (
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// An uploaded file comes to disk first and takes one of the few places for
// judging files only when it is whole: a line that trickles keeps nobody waiting
// but itself.
const (
	// maxArriving is how many files arrive at a time, of officials and of
	// everybody each; on disk they have at most this many times MaxUpload.
	maxArriving = 32
	// maxArrivingEach is how many of them come from one address or official.
	maxArrivingEach = 3
	// maxWait is how long an upload waits for a place.
	maxWait = 20 * time.Second
	// maxUploadTime ends an upload that trickles in, so that it frees its place.
	maxUploadTime = 4 * time.Minute
)

// arrivals are the files that arrive, counted by whose they are.
type arrivals struct {
	mu   sync.Mutex
	all  int
	each map[string]int
}

// enter takes a place; the caller gives it back.
func (a *arrivals) enter(whose string) (leave func(), ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all >= maxArriving || a.each[whose] >= maxArrivingEach {
		return nil, false
	}
	a.all++
	a.each[whose]++
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.all--
		if a.each[whose]--; a.each[whose] == 0 {
			delete(a.each, whose)
		}
	}, true
}

// spooled is an uploaded form whose file, if one was chosen, lies on disk. Of a
// file that is too large there is one byte more than is allowed.
type spooled struct {
	*upload
	disk *os.File
	size int64
}

// Close forgets the file.
func (s *spooled) Close() {
	if s.disk != nil {
		_ = s.disk.Close()           // it was only for us
		_ = os.Remove(s.disk.Name()) // where it could not be removed while open
	}
}

// spool reads a posted form and its file. The file has no name any more where the
// system allows it, so that nothing stays when the process dies.
func (p *Portal) spool(r *request, a *arrivals, whose string) (*spooled, error) {
	leave, ok := a.enter(whose)
	if !ok {
		return nil, &problem{Status: http.StatusTooManyRequests, Code: "too_many", Wait: maxWait}
	}
	defer leave()
	conn := http.NewResponseController(r.w)
	slow := time.AfterFunc(maxUploadTime, func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0)) // a writer without deadlines has a server that sets them
	})
	defer slow.Stop()
	u, err := r.readUpload(p.o.MaxUpload)
	if err != nil || u.file == nil {
		return &spooled{upload: u}, err
	}
	s := &spooled{upload: u}
	if s.disk, err = os.CreateTemp(p.o.TempDir, "motcua-upload-*"); err != nil {
		return nil, err
	}
	_ = os.Remove(s.disk.Name())
	if s.size, err = io.Copy(s.disk, io.LimitReader(partReader{u.file}, p.o.MaxUpload+1)); err == nil {
		_, err = s.disk.Seek(0, io.SeekStart)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// hold takes one of the places for judging files; the caller gives it back.
func (r *request) hold(places chan struct{}) (release func(), err error) {
	wait := time.NewTimer(maxWait)
	defer wait.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-wait.C:
		return nil, &problem{Status: http.StatusTooManyRequests, Code: "too_many", Wait: maxWait}
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
