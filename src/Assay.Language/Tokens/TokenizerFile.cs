using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Assay.Language;

/// <summary>
/// Reads and writes <c>tokenizer.json</c> of Hugging Face's tokenizers, for byte-level BPE (GPT-2, SmolLM, LLaMA 3 without its own word
/// pattern) and for BPE over characters with byte fallback (LLaMA 2, TinyLlama).
/// </summary>
public static class TokenizerFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a file.</summary>
    /// <exception cref="InvalidDataException">The file is no tokenizer, or one of a kind that is not read; the message says which part.</exception>
    public static BpeTokenizer Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return Parse(JsonNode.Parse(stream)?.AsObject() ?? throw new InvalidDataException("an object was expected"));
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException or ArgumentException or FormatException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Writes a file, replacing it as a whole.</summary>
    public static void Write(string path, BpeTokenizer tokenizer)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tokenizer);
        var vocabulary = new JsonObject();
        for (var i = 0; i < tokenizer.Vocabulary; i++)
            vocabulary.Add(tokenizer.Tokens[i], i);
        var bytes = tokenizer.Alphabet == TokenAlphabet.Bytes;
        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true };
        var root = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. tokenizer.Specials.Select(s => (JsonNode)new JsonObject
            {
                ["id"] = tokenizer.IdOf(s), ["content"] = s, ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            })]),
            ["normalizer"] = bytes ? null : new JsonObject
            {
                ["type"] = "Sequence",
                ["normalizers"] = new JsonArray(
                    new JsonObject { ["type"] = "Prepend", ["prepend"] = "▁" },
                    new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = " " }, ["content"] = "▁" }),
            },
            ["pre_tokenizer"] = !bytes ? null : !tokenizer.SeparatesDigits ? byteLevel : new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true }, byteLevel),
            },
            ["post_processor"] = null,
            ["decoder"] = bytes ? byteLevel.DeepClone() : new JsonObject
            {
                ["type"] = "Sequence",
                ["decoders"] = new JsonArray(
                    new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "▁" }, ["content"] = " " },
                    new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" },
                    new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 }),
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["dropout"] = null, ["unk_token"] = tokenizer.IdOf("<unk>") is null ? null : "<unk>", ["continuing_subword_prefix"] = null,
                ["end_of_word_suffix"] = null, ["fuse_unk"] = false, ["byte_fallback"] = !bytes, ["ignore_merges"] = false,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. tokenizer.Merges.Select(m => (JsonNode)new JsonArray(m.First, m.Second))]),
            },
        };
        var temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllText(temporary, root.ToJsonString(Indented));
        File.Move(temporary, path, overwrite: true);
    }

    private static BpeTokenizer Parse(JsonObject root)
    {
        var model = root["model"]?.AsObject() ?? throw new InvalidDataException("'model' is missing");
        if ((string?)model["type"] is { } type && type != "BPE")
            throw new InvalidDataException($"model.type is '{type}'; BPE is what is read");
        var vocabulary = model["vocab"]?.AsObject() ?? throw new InvalidDataException("'model.vocab' is missing");
        var added = root["added_tokens"]?.AsArray().Select(t => (Id: (int)t!["id"]!, Content: (string)t["content"]!, Special: (bool?)t["special"] ?? false)).ToArray() ?? [];
        var tokens = new string[Math.Max(vocabulary.Max(v => (int)v.Value!), added.Select(a => a.Id).DefaultIfEmpty(-1).Max()) + 1];
        foreach (var (token, id) in vocabulary)
            tokens[(int)id!] = token;
        foreach (var token in added)
            tokens[token.Id] = token.Content;
        // A gap in the numbers keeps its place under a name that no text has.
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] ??= $"<|unused{i}|>";
        var merges = model["merges"]?.AsArray().Select(ParseMerge).ToImmutableArray() ?? throw new InvalidDataException("'model.merges' is missing");
        var (alphabet, digits) = ParseAlphabet(root, (bool?)model["byte_fallback"] ?? false);
        return new BpeTokenizer([.. tokens], merges, alphabet, [.. added.Where(a => a.Special).Select(a => a.Content)], digits);
    }

    private static (string, string) ParseMerge(JsonNode? merge)
    {
        if (merge is JsonArray { Count: 2 } pair)
            return ((string)pair[0]!, (string)pair[1]!);
        var text = (string?)merge ?? throw new InvalidDataException("a merge is null");
        var space = text.IndexOf(' ', 1);
        return space > 0 ? (text[..space], text[(space + 1)..]) : throw new InvalidDataException($"the merge '{text}' is no pair");
    }

    private static (TokenAlphabet, bool Digits) ParseAlphabet(JsonObject root, bool byteFallback)
    {
        var steps = Flatten(root["pre_tokenizer"], "pretokenizers").ToArray();
        foreach (var step in steps)
        {
            var type = (string?)step["type"];
            if (type is not ("ByteLevel" or "Digits" or "Metaspace"))
                throw new InvalidDataException($"pre_tokenizer '{type}' is not read; what is read: ByteLevel, Digits, Metaspace");
        }
        if (steps.Any(s => (string?)s["type"] == "ByteLevel"))
            return (TokenAlphabet.Bytes, steps.Any(s => (string?)s["type"] == "Digits" && ((bool?)s["individual_digits"] ?? false)));
        return byteFallback ? (TokenAlphabet.Characters, false) : throw new InvalidDataException("neither a ByteLevel pre_tokenizer nor byte_fallback: this kind of BPE is not read");
    }

    private static IEnumerable<JsonObject> Flatten(JsonNode? node, string children) =>
        node is not JsonObject one ? []
        : (string?)one["type"] == "Sequence" ? one[children]?.AsArray().SelectMany(c => Flatten(c, children)) ?? []
        : [one];
}
