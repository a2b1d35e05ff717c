using System.Collections.Immutable;
using static TorchSharp.torch;

namespace Assay.Language;

/// <summary>How well a model predicts held-out text of one domain.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="Tokens">The number of tokens predicted.</param>
/// <param name="Loss">The mean loss, nats per token.</param>
/// <param name="BitsPerByte">The loss in bits per byte of text: comparable between tokenizers.</param>
public sealed record DomainLoss(string Domain, int Tokens, double Loss, double BitsPerByte)
{
    /// <summary>e^loss: among how many equally likely tokens the model hesitates.</summary>
    public double Perplexity => Math.Exp(Loss);
}

/// <summary>The loss of a model on held-out text.</summary>
/// <param name="Loss">Over all tokens, nats per token.</param>
/// <param name="BitsPerByte">Over all texts.</param>
/// <param name="Domains">By domain.</param>
public sealed record LanguageEvaluation(double Loss, double BitsPerByte, ImmutableArray<DomainLoss> Domains)
{
    /// <summary>Evaluates on the held-out part of a corpus.</summary>
    /// <param name="model">The model.</param>
    /// <param name="corpus">The corpus; what its held-out part has of every domain is read in sequences of its length.</param>
    /// <param name="limit">The most tokens of each domain; 0 for all.</param>
    /// <exception cref="ArgumentException">Nothing is held out.</exception>
    public static LanguageEvaluation Of(Decoder model, PackedCorpus corpus, int limit = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(model.call, corpus, limit, model.Embedding.device);
    }

    /// <summary>The same of anything that gives logits, an ensemble for instance.</summary>
    /// <param name="logits">Tokens (B, T) to logits (B, T, V), called without gradients.</param>
    /// <param name="corpus">The corpus.</param>
    /// <param name="limit">The most tokens of each domain; 0 for all.</param>
    /// <param name="device">Where the tokens lie; null for main memory.</param>
    public static LanguageEvaluation Of(Func<Tensor, Tensor> logits, PackedCorpus corpus, int limit = 0, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(corpus);
        if (corpus.Held.IsEmpty)
            throw new ArgumentException("no text is held out", nameof(corpus));
        var domains = ImmutableArray.CreateBuilder<DomainLoss>();
        var (total, tokens, bits, bytes) = (0.0, 0L, 0.0, 0.0);
        foreach (var (domain, all, size) in corpus.Held)
        {
            var used = limit > 0 ? all.AsSpan(0, Math.Min(all.Length, limit + 1)) : all;
            var loss = SumLoss(logits, device ?? CPU, used, corpus.Length);
            var share = (double)size * (used.Length - 1) / Math.Max(1, all.Length - 1); // bytes that the tokens read stand for
            domains.Add(new DomainLoss(domain, used.Length - 1, loss / (used.Length - 1), loss / Math.Log(2) / Math.Max(1, share)));
            (total, tokens, bits, bytes) = (total + loss, tokens + used.Length - 1, bits + loss / Math.Log(2), bytes + share);
        }
        return new LanguageEvaluation(total / tokens, bits / Math.Max(1, bytes), domains.ToImmutable());
    }

    private static double SumLoss(Func<Tensor, Tensor> model, Device device, ReadOnlySpan<int> tokens, int length)
    {
        using var _ = no_grad();
        var total = 0.0;
        const int batch = 16;
        var sequences = (tokens.Length - 1) / length;
        for (var start = 0; start < sequences; start += batch)
            total += Block(model, device, tokens.Slice(start * length, (Math.Min(start + batch, sequences) - start) * length + 1), length);
        var rest = tokens[(sequences * length)..];
        return rest.Length > 1 ? total + Block(model, device, rest, rest.Length - 1) : total;
    }

    private static double Block(Func<Tensor, Tensor> model, Device device, ReadOnlySpan<int> tokens, int length)
    {
        using var scope = NewDisposeScope();
        var all = tensor(tokens.ToArray().Select(t => (long)t).ToArray()).to(device);
        var count = tokens.Length - 1;
        var logits = model(all.narrow(0, 0, count).view(-1, length)).flatten(0, 1);
        return nn.functional.cross_entropy(logits, all.narrow(0, 1, count), reduction: nn.Reduction.Sum).item<float>();
    }
}
