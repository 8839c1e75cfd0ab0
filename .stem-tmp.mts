import { stemmer } from 'stemmer'; import { porterStem } from '/work/main/src/search/porter.ts'; import fs from 'node:fs'; import {execSync} from 'node:child_process';
let seed=99; const rnd=(n:number)=>{seed=(seed*1103515245+12345)&0x7fffffff; return (seed>>8)%n;};
const suf='ational tional enci anci izer bli alli entli eli ousli ization ation ator alism iveness fulness ousness aliti iviti biliti logi icate ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent sion tion ion ou ism ate iti ous ive ize s sses ies ss eed ed ing at bl iz y e ll l'.split(' ');
const al='aeiouybcdlstxwzéß1.\'_'.split('');
const words=new Set<string>();
while(words.size<400000){ let w=''; const n=rnd(6); for(let i=0;i<n;i++) w+=al[rnd(al.length-(rnd(3)?5:0))]; const m=rnd(4); for(let i=0;i<m;i++) w+=suf[rnd(suf.length)]; if(w.length>0&&w.length<60&&/^[a-zéß1]/.test(w)&&/[a-zéß1]$/.test(w)&&!/[.'_]{2}|['.]/.test(w)) words.add(w); }
const L=[...words]; fs.writeFileSync('/tmp/w.jsonl', L.map((w,i)=>JSON.stringify({id:String(i),text:w+' '})).join('\n')+'\n');
execSync('/work/shared/peers/lucene/run.sh tokens /tmp/w.jsonl /tmp/w.out');
const O=fs.readFileSync('/tmp/w.out','utf8').trim().split('\n').map(l=>JSON.parse(l).tokens);
let a=0,b=0; const ea:string[]=[],eb:string[]=[];
L.forEach((w,i)=>{ if(O[i].length!==1) return; if(porterStem(w)!==O[i][0]){a++; if(ea.length<10)ea.push(w+':'+porterStem(w)+'/'+O[i][0]);} if(stemmer(w)!==O[i][0]){b++; if(eb.length<30)eb.push(w+':'+stemmer(w)+'/'+O[i][0]);}});
console.log('mine',a,ea.join(' ')); console.log('stemmer',b,eb.join(' '));
