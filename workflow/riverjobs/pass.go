package riverjobs

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"
)

type pass struct {
	Name string `json:"name" river:"unique"`
}

// Kind names the job kind in River's tables.
func (pass) Kind() string { return "motcua_pass" }

type passWorker struct {
	river.WorkerDefaults[pass]
	run map[string]func(context.Context) error
	log *zap.Logger
}

// Work runs one pass. It is not retried: the next one comes by itself.
func (w *passWorker) Work(ctx context.Context, job *river.Job[pass]) error {
	run := w.run[job.Args.Name]
	if run == nil { // another node, of an older or newer build, asked for it
		return river.JobCancel(fmt.Errorf("no pass %q is bound here", job.Args.Name))
	}
	err := run(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	// The next run comes by itself: a failed one is told and soon forgotten, not
	// kept as a dead letter.
	w.log.Warn("pass failed", zap.String("pass", job.Args.Name), zap.Error(err))
	return river.JobCancel(err)
}

// waiting makes a pass unique among those that wait or run, so that a slow one
// does not pile up.
var waiting = []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
	rivertype.JobStateRetryable, rivertype.JobStateScheduled}

// passName is what River takes as the id of a periodic job; it panics at others.
var passName = regexp.MustCompile(`^\w[\w\-\[\]<>/.·:+]+$`)

func (r *Runner) passes(workers *river.Workers) ([]*river.PeriodicJob, error) {
	w := &passWorker{run: map[string]func(context.Context) error{}, log: r.o.Logger}
	var jobs []*river.PeriodicJob
	for _, p := range r.o.Passes {
		if p.Every < time.Second || !passName.MatchString(p.Name) || w.run[p.Name] != nil {
			return nil, fmt.Errorf("riverjobs: pass %q needs a name of its own, of two letters or more without spaces,"+
				" and a pause of at least 1 s", p.Name)
		}
		w.run[p.Name] = p.Run
		jobs = append(jobs, river.NewPeriodicJob(river.PeriodicInterval(p.Every), func() (river.JobArgs, *river.InsertOpts) {
			return pass{p.Name}, &river.InsertOpts{MaxAttempts: 1, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: waiting}}
		}, &river.PeriodicJobOpts{ID: p.Name, RunOnStart: true}))
	}
	river.AddWorker(workers, w)
	return jobs, nil
}
