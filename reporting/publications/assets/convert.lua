-- Converts many texts in one process: `pandoc lua convert.lua FROM TO < texts.json`.
-- Reads {texts, bibliography, csl, lang} and writes an array of converted texts, both as JSON.
local from, to = arg[1], arg[2]
local input = pandoc.json.decode(io.read("a"), false)
local reading = pandoc.ReaderOptions { columns = 120 }
local writing = pandoc.WriterOptions {
  wrap_text = "none", html_math_method = "mathml",
}

local function cited(doc)
  if input.bibliography and #input.bibliography > 0 then
    doc.meta.bibliography = pandoc.MetaList(input.bibliography)
    doc.meta.lang = input.lang
    doc.meta["link-citations"] = true
    if input.csl ~= "" then doc.meta.csl = input.csl end
    return pandoc.utils.citeproc(doc)
  end
  return doc
end

local output = {}
for place, text in ipairs(input.texts) do
  output[place] = pandoc.write(cited(pandoc.read(text, from, reading)), to, writing)
end
io.write(pandoc.json.encode(output))
