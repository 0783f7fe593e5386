/* mime.c - the table. Looked at when documents are loaded, not per request. */
#include "apps/webserver/mime.h"

#include <string.h>

#include "apps/webserver/char.h"

#define UTF8 "; charset=utf-8"

static const struct {
	const char *suffix, *type;
} types[] = {
	{"7z", "application/x-7z-compressed"},
	{"aac", "audio/aac"},
	{"atom", "application/atom+xml"},
	{"avi", "video/x-msvideo"},
	{"avif", "image/avif"},
	{"bin", "application/octet-stream"},
	{"bmp", "image/bmp"},
	{"bz2", "application/x-bzip2"},
	{"c", "text/plain" UTF8},
	{"css", "text/css" UTF8},
	{"csv", "text/csv" UTF8},
	{"deb", "application/vnd.debian.binary-package"},
	{"doc", "application/msword"},
	{"docx",
		"application/vnd.openxmlformats-officedocument"
		".wordprocessingml.document"},
	{"epub", "application/epub+zip"},
	{"flac", "audio/flac"},
	{"gif", "image/gif"},
	{"gz", "application/gzip"},
	{"h", "text/plain" UTF8},
	{"htm", "text/html" UTF8},
	{"html", "text/html" UTF8},
	{"ico", "image/vnd.microsoft.icon"},
	{"ics", "text/calendar" UTF8},
	{"jar", "application/java-archive"},
	{"jpeg", "image/jpeg"},
	{"jpg", "image/jpeg"},
	{"js", "text/javascript" UTF8},
	{"json", "application/json"},
	{"jsonld", "application/ld+json"},
	{"jxl", "image/jxl"},
	{"log", "text/plain" UTF8},
	{"m3u8", "application/vnd.apple.mpegurl"},
	{"m4a", "audio/mp4"},
	{"map", "application/json"},
	{"md", "text/markdown" UTF8},
	{"mid", "audio/midi"},
	{"mjs", "text/javascript" UTF8},
	{"mkv", "video/matroska"},
	{"mov", "video/quicktime"},
	{"mp3", "audio/mpeg"},
	{"mp4", "video/mp4"},
	{"ods", "application/vnd.oasis.opendocument.spreadsheet"},
	{"odt", "application/vnd.oasis.opendocument.text"},
	{"oga", "audio/ogg"},
	{"ogg", "audio/ogg"},
	{"ogv", "video/ogg"},
	{"opus", "audio/ogg"},
	{"otf", "font/otf"},
	{"pdf", "application/pdf"},
	{"png", "image/png"},
	{"ps", "application/postscript"},
	{"py", "text/plain" UTF8},
	{"rss", "application/rss+xml"},
	{"rtf", "application/rtf"},
	{"sh", "text/plain" UTF8},
	{"svg", "image/svg+xml"},
	{"tar", "application/x-tar"},
	{"text", "text/plain" UTF8},
	{"tgz", "application/gzip"},
	{"tif", "image/tiff"},
	{"tiff", "image/tiff"},
	{"toml", "application/toml"},
	{"ts", "video/mp2t"},
	{"tsv", "text/tab-separated-values" UTF8},
	{"ttf", "font/ttf"},
	{"txt", "text/plain" UTF8},
	{"vcf", "text/vcard" UTF8},
	{"vtt", "text/vtt" UTF8},
	{"wasm", "application/wasm"},
	{"wav", "audio/wav"},
	{"webm", "video/webm"},
	{"webmanifest", "application/manifest+json"},
	{"webp", "image/webp"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"xhtml", "application/xhtml+xml"},
	{"xls", "application/vnd.ms-excel"},
	{"xlsx",
		"application/vnd.openxmlformats-officedocument"
		".spreadsheetml.sheet"},
	{"xml", "application/xml"},
	{"xsl", "application/xslt+xml"},
	{"xz", "application/x-xz"},
	{"yaml", "application/yaml"},
	{"yml", "application/yaml"},
	{"zip", "application/zip"},
	{"zst", "application/zstd"},
};

const char *
mime_type(const char *name, size_t len)
{
	const char *dot = memrchr(name, '.', len);
	size_t n = dot ? (size_t)(name + len - dot) - 1 : 0;

	for (size_t i = 0; n && i < sizeof(types) / sizeof(*types); i++)
		if (char_same(dot + 1, n, types[i].suffix,
			    strlen(types[i].suffix)))
			return types[i].type;
	return "application/octet-stream";
}
