package scan
import ("testing";"os";"path/filepath";"fmt";"time";"github.com/motcua/motcua/esign/internal/pdf")
func TestProbe(t *testing.T){
 fs,_:=filepath.Glob("/work/shared/corpus/scan/*.pdf")
 for _,f:=range fs{ b,_:=os.ReadFile(f); s:=time.Now()
  d,err:=pdf.Open(b,nil); n:=-1; bad:=0; var e1 error
  if err==nil{ p,e:=d.Pages(); n=len(p); if e!=nil {e1=e}
   for _,k:=range d.Numbers(){ _,_,_,e:=d.ByNumber(k); if e!=nil{bad++; if e1==nil{e1=e}}}}
  fmt.Println(filepath.Base(f),err,n,bad,e1,time.Since(s))
 }}
