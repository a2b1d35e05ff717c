using System.Text.Json;
using System.Text.Json.Nodes;
using Assay.Statistics;
using Assay.Training;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>
/// A model folder in Hugging Face's layout: <c>config.json</c>, <c>model.safetensors</c> (or its shards with an index) and
/// <c>tokenizer.json</c>. Models of the LLaMA architecture are read and written.
/// </summary>
public static class HuggingFaceFolder
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or the model is not of an architecture that is read.</exception>
    public static DecoderConfig ReadConfig(string folder)
    {
        var path = Path.Combine(folder, "config.json");
        try
        {
            var json = JsonNode.Parse(File.ReadAllText(path))?.AsObject() ?? throw new InvalidDataException("an object was expected");
            if ((string?)json["model_type"] is not "llama" and var type)
                throw new InvalidDataException($"model_type is '{type}'; llama is what is read");
            if (json["rope_scaling"] is JsonObject scaling && ((string?)scaling["rope_type"] ?? (string?)scaling["type"]) is not (null or "default"))
                throw new InvalidDataException("rope_scaling is not read");
            if ((bool?)json["attention_bias"] == true || (bool?)json["mlp_bias"] == true)
                throw new InvalidDataException("models with biases are not read");
            if ((string?)json["hidden_act"] is not (null or "silu") and var activation)
                throw new InvalidDataException($"hidden_act is '{activation}'; silu is what is read");
            var (width, heads) = (Number("hidden_size"), Number("num_attention_heads"));
            if (json["head_dim"] is { } given && (int)given != width / heads)
                throw new InvalidDataException($"head_dim is {given}; {width / heads}, the width over the heads, is what is read");
            return new DecoderConfig
            {
                Vocabulary = Number("vocab_size"), Width = width, Layers = Number("num_hidden_layers"), Heads = heads,
                KeyValueHeads = json["num_key_value_heads"] is null ? heads : Number("num_key_value_heads"), HiddenWidth = Number("intermediate_size"),
                Context = Number("max_position_embeddings"), RopeBase = (double?)(json["rope_theta"] ?? json["rope_parameters"]?["rope_theta"]) ?? 10_000,
                NormEpsilon = (double?)json["rms_norm_eps"] ?? 1e-6, TieEmbeddings = (bool?)json["tie_word_embeddings"] ?? false,
            }.Validate();

            int Number(string name) => (int?)json[name] ?? throw new InvalidDataException($"'{name}' is missing");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException or ArgumentException or FormatException)
        {
            throw new InvalidDataException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Reads the model.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing, has another shape, or is one that this architecture does not have.</exception>
    public static Decoder ReadModel(string folder)
    {
        var model = new Decoder(ReadConfig(folder), new SeededRandom(0));
        try
        {
            Fill(model, folder);
            model.eval();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Reads the tokenizer.</summary>
    public static BpeTokenizer ReadTokenizer(string folder) => TokenizerFile.Read(Path.Combine(folder, "tokenizer.json"));

    /// <summary>Writes model and tokenizer, so that other libraries load them; files that stand there are replaced one by one.</summary>
    /// <param name="folder">The folder; it is created.</param>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">The tokenizer; null leaves it out.</param>
    /// <exception cref="ArgumentException">The tokenizer has more tokens than the model.</exception>
    public static void Write(string folder, Decoder model, BpeTokenizer? tokenizer)
    {
        ArgumentNullException.ThrowIfNull(model);
        var config = model.Config;
        if (tokenizer?.Vocabulary > config.Vocabulary)
            throw new ArgumentException($"the tokenizer has {tokenizer.Vocabulary} tokens, the model {config.Vocabulary}", nameof(tokenizer));
        Directory.CreateDirectory(folder);
        Safetensors.Write(
            Path.Combine(folder, "model.safetensors"), model.named_parameters().Select(p => (Name(p.name), (Tensor)p.parameter)), new Dictionary<string, string> { ["format"] = "pt" });
        if (tokenizer is not null)
            TokenizerFile.Write(Path.Combine(folder, "tokenizer.json"), tokenizer);
        var json = new JsonObject
        {
            ["architectures"] = new JsonArray("LlamaForCausalLM"), ["model_type"] = "llama", ["hidden_act"] = "silu", ["torch_dtype"] = "float32",
            ["vocab_size"] = config.Vocabulary, ["hidden_size"] = config.Width, ["intermediate_size"] = config.HiddenWidth, ["num_hidden_layers"] = config.Layers,
            ["num_attention_heads"] = config.Heads, ["num_key_value_heads"] = config.KeyValueHeads, ["max_position_embeddings"] = config.Context,
            ["rope_theta"] = config.RopeBase, ["rms_norm_eps"] = config.NormEpsilon, ["tie_word_embeddings"] = config.TieEmbeddings,
            ["attention_bias"] = false, ["mlp_bias"] = false, ["initializer_range"] = 0.02, ["use_cache"] = true,
            ["bos_token_id"] = tokenizer?.EndOfText, ["eos_token_id"] = tokenizer?.EndOfText,
        };
        var path = Path.Combine(folder, "config.json");
        File.WriteAllText(path + ".tmp", json.ToJsonString(Indented));
        File.Move(path + ".tmp", path, overwrite: true); // last: a folder with a config is whole
    }

    private static void Fill(Decoder model, string folder)
    {
        using var _ = no_grad();
        var missing = model.named_parameters().ToDictionary(p => Name(p.name), p => (Tensor)p.parameter, StringComparer.Ordinal);
        foreach (var file in Files(folder))
        {
            var (tensors, _) = Safetensors.Read(file);
            try
            {
                foreach (var (name, value) in tensors)
                {
                    // Old exports keep the rotary frequencies, and tied heads a second time.
                    if (name.EndsWith("rotary_emb.inv_freq", StringComparison.Ordinal) || (name == "lm_head.weight" && model.Config.TieEmbeddings))
                        continue;
                    if (!missing.Remove(name, out var target))
                        throw new InvalidDataException($"{file}: the tensor '{name}' has no place in this model");
                    if (!target.shape.AsSpan().SequenceEqual(value.shape))
                        throw new InvalidDataException($"{file}: '{name}' has the shape [{string.Join(", ", value.shape)}], [{string.Join(", ", target.shape)}] was expected");
                    using var single = value.to(ScalarType.Float32);
                    target.copy_(single);
                }
            }
            finally
            {
                foreach (var value in tensors.Values)
                    value.Dispose();
            }
        }
        if (missing.Count > 0)
            throw new InvalidDataException($"{folder}: the tensor '{missing.Keys.First()}' is missing{(missing.Count > 1 ? $", and {missing.Count - 1} more" : "")}");
    }

    private static IEnumerable<string> Files(string folder)
    {
        var single = Path.Combine(folder, "model.safetensors");
        if (File.Exists(single))
            return [single];
        var index = Path.Combine(folder, "model.safetensors.index.json");
        if (!File.Exists(index))
            throw new FileNotFoundException($"{folder}: there is no model.safetensors", single);
        var map = JsonNode.Parse(File.ReadAllText(index))?["weight_map"]?.AsObject() ?? throw new InvalidDataException($"{index}: 'weight_map' is missing");
        return map.Select(p => (string)p.Value!).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(f => Path.Combine(folder, Path.GetFileName(f)));
    }

    private static string Name(string parameter) => parameter.Replace('/', '.');
}
