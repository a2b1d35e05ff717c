using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Language.Tests;

public sealed class HuggingFaceFolderTests : IDisposable
{
    private static readonly DecoderConfig Config = new() { Vocabulary = 280, Width = 16, Layers = 2, Heads = 4, KeyValueHeads = 2, HiddenWidth = 24, Context = 16, TieEmbeddings = true };
    private readonly string folder = Directory.CreateTempSubdirectory("assay-hf-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private Decoder Written(DecoderConfig config)
    {
        var model = new Decoder(config, new SeededRandom(1));
        HuggingFaceFolder.Write(folder, model, BpeTraining.Train(["a b a b ab ab"], 260));
        return model;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_model_comes_back_with_equal_logits(bool tied)
    {
        using var model = Written(Config with { TieEmbeddings = tied });
        using var read = HuggingFaceFolder.ReadModel(folder);
        using var scope = NewDisposeScope();
        var input = tensor(new long[] { 1, 2, 3, 200 }).unsqueeze(0);
        Assert.Equal(Config with { TieEmbeddings = tied }, read.Config);
        Assert.Equal(model.call(input).data<float>().ToArray(), read.call(input).data<float>().ToArray());
        Assert.Equal(HuggingFaceFolder.ReadTokenizer(folder).Encode("ab a"), BpeTraining.Train(["a b a b ab ab"], 260).Encode("ab a"));
    }

    // Written by PyTorch: benchmarks/peers/llama_checkpoint.py.
    [Fact]
    public void A_model_that_another_library_wrote_has_its_logits()
    {
        var foreign = Path.Combine(AppContext.BaseDirectory, "Foreign");
        using var expected = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(foreign, "expected.json")));
        var tokens = expected.RootElement.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt64()).ToArray();
        var logits = expected.RootElement.GetProperty("logits").EnumerateArray().SelectMany(r => r.EnumerateArray().Select(v => v.GetSingle())).ToArray();
        using var model = HuggingFaceFolder.ReadModel(foreign);
        using var scope = NewDisposeScope();
        var input = tensor(tokens, 1, tokens.Length);
        var slow = model.call(input).detach();
        using var _ = no_grad();
        foreach (var actual in (Tensor[])[slow, model.call(input), model.Forward(input, new KeyValueCache(model.Config, 1))])
        {
            var values = actual.reshape(-1).data<float>().ToArray();
            for (var i = 0; i < logits.Length; i++)
                Assert.Equal(logits[i], values[i], 1e-4f);
        }
    }

    [Theory]
    [InlineData("\"llama\"", "\"mamba\"", "mamba")]
    [InlineData("\"hidden_size\": 16", "\"hidden_size\": 15", "15")]
    [InlineData("\"hidden_size\"", "\"hidden\"", "hidden_size")]
    [InlineData("\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu\"", "gelu")]
    [InlineData("{", "", "config.json")]
    public void A_config_that_is_not_read_is_refused(string from, string to, string named)
    {
        Written(Config).Dispose();
        var path = Path.Combine(folder, "config.json");
        var text = File.ReadAllText(path);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(from, to, StringComparison.Ordinal));
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.ReadModel(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_do_not_fit_are_named()
    {
        Written(Config with { Layers = 3 }).Dispose();
        var three = File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));
        Written(Config).Dispose();
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), three);
        Assert.Contains("model.layers.2.", Assert.Throws<InvalidDataException>(() => HuggingFaceFolder.ReadModel(folder)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder, "model.safetensors"));
        Assert.Throws<FileNotFoundException>(() => HuggingFaceFolder.ReadModel(folder));
    }

    [Fact]
    public void A_tokenizer_with_more_tokens_than_the_model_is_refused()
    {
        using var model = new Decoder(Config with { Vocabulary = 258 }, new SeededRandom(1));
        Assert.Throws<ArgumentException>(() => HuggingFaceFolder.Write(folder, model, BpeTraining.Train(["a b a b ab ab"], 260)));
    }
}
