//! A page of one file: the figure with the values in it, which the pointer and the arrow keys read. It needs neither a
//! server nor a network.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Exhibit, escape, values};
use crate::single::axes::spelled;

const STYLE: &str = "body{margin:1rem;color:#16202e;background:#fff;font:14px/1.45 system-ui,sans-serif}\
    svg{max-width:100%;height:auto;touch-action:none;outline-offset:2px}#square{pointer-events:all}\
    output{display:block;min-height:1.5em;font-size:16px;font-variant-numeric:tabular-nums}p{max-width:46rem}";

/// Shows the cell under the pointer or, from there on, that the arrow keys move to.
const SCRIPT: &str = r#"const d=JSON.parse(document.getElementById('data').textContent),n=d.rows.length,
v=new Float32Array(Uint8Array.from(atob(d.values),c=>c.charCodeAt(0)).buffer),
svg=document.querySelector('svg'),square=document.getElementById('square'),out=document.querySelector('output'),
mark=svg.appendChild(square.cloneNode());
mark.id='mark';mark.setAttribute('stroke','#e8590c');mark.setAttribute('stroke-width',2);mark.style.display='none';
let r=0,c=0;
function show(){const x=v[r*n+c],b=square.getBBox(),s=b.width/n;
for(const[k,w]of[['x',b.x+c*s],['y',b.y+r*s],['width',s],['height',s]])mark.setAttribute(k,w);mark.style.display='';
out.textContent=d.axes[0]+' '+d.rows[r]+' \u2192 '+d.axes[1]+' '+d.columns[c]+':  '+
(d.derived?+x.toPrecision(6):x.toFixed(6))+(d.masked&&(d.first[1]+c-d.first[0]-r)*d.later>0?' (masked)':'')}
svg.addEventListener('pointermove',e=>{const b=square.getBoundingClientRect(),
x=Math.floor((e.clientX-b.x)/b.width*n),y=Math.floor((e.clientY-b.y)/b.height*n);
if(x>=0&&y>=0&&x<n&&y<n){r=y;c=x;show()}});
svg.tabIndex=0;svg.addEventListener('keydown',e=>{const m={ArrowUp:[-1,0],ArrowDown:[1,0],ArrowLeft:[0,-1],ArrowRight:[0,1]}[e.key];
if(m){e.preventDefault();r=Math.min(n-1,Math.max(0,r+m[0]));c=Math.min(n-1,Math.max(0,c+m[1]));show()}});"#;

/// The page around a figure.
pub fn page(exhibit: &Exhibit, figure: &str) -> String {
    let labels = spelled(&exhibit.labels);
    let [rows, columns] = exhibit.lines();
    let name = |at: usize| format!("{at} {}", labels[at]);
    let data = serde_json::json!({
        "axes": exhibit.axes(),
        "first": [rows.start, columns.start],
        // A row sees no later column; transposed, it sees no earlier one.
        "later": if exhibit.transposed { -1 } else { 1 },
        "rows": rows.map(name).collect::<Vec<_>>(),
        "columns": columns.map(name).collect::<Vec<_>>(),
        "derived": exhibit.matrix.derived,
        "masked": exhibit.matrix.causal,
        "values": STANDARD.encode(values::bytes(exhibit).collect::<Vec<u8>>()),
    });
    // Nothing in it can end the element that it is in.
    let data = data.to_string().replace('<', "\\u003c");
    let (title, caption) = (escape(&exhibit.title), escape(&exhibit.caption));
    // In a page it would be shown over every cell that the pointer rests on.
    let figure = figure.replacen(&format!("<title>{title}</title>"), "", 1);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <output>Point at a cell, or press an arrow key.</output>\n{figure}<p>{caption}</p>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::single::export::svg;
    use crate::single::export::tests::exhibit;

    #[test]
    fn the_page_has_its_values_and_nothing_breaks_out() {
        let exhibit = exhibit(|_| {});
        let page = page(&exhibit, &svg::figure(&exhibit, None, &|text| text.len() as f64));
        // The two scripts, as text in between only where it is escaped.
        assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
        let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["columns"][3], "3 </script>&");
        let bytes = STANDARD.decode(data["values"].as_str().unwrap()).unwrap();
        let values: Vec<f32> = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        assert_eq!(values, exhibit.matrix.values());
    }
}
