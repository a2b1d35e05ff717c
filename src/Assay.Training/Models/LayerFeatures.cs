using Assay.Statistics;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>Features of a trained model, for heads, probes and distances.</summary>
public static class LayerFeatures
{
    /// <summary>The features of all inputs in evaluation mode, one row each, computed in blocks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputs">(n, …).</param>
    /// <param name="layer">The name of a submodule, whose output is taken; null takes the input of the last layer.</param>
    /// <param name="block">How many at a time.</param>
    /// <exception cref="ArgumentException">There is no such submodule, or the model does not give its last layer's input.</exception>
    public static FloatMatrix Extract(nn.Module<Tensor, Tensor> model, Tensor inputs, string? layer = null, int block = 1024)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(block);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var was = model.training;
        model.eval();
        var parts = new List<Tensor>();
        Action? unhook = null;
        try
        {
            var of = layer is null ? Last(model) : Hooked(model, layer, out unhook);
            for (long start = 0; start < inputs.shape[0]; start += block)
                parts.Add(of(inputs.narrow(0, start, Math.Min(block, inputs.shape[0] - start))).flatten(1).to(ScalarType.Float32).cpu());
        }
        finally
        {
            unhook?.Invoke();
            model.train(was);
        }
        var all = cat(parts, 0).contiguous(); // (n, d)
        return new FloatMatrix(all.data<float>().ToArray(), (int)all.shape[0], (int)all.shape[1]);
    }

    private static Func<Tensor, Tensor> Last(nn.Module<Tensor, Tensor> model) => model switch
    {
        IFeatureExtractor known => x =>
        {
            var (features, outputs) = known.Extract(x);
            outputs.Dispose();
            return features;
        },
        EmbeddingClassifier embedding => x => embedding.Embed(x),
        _ => throw new ArgumentException($"{model.GetName()} does not give the input of its last layer; name a layer, one of: {string.Join(", ", model.named_modules().Select(m => m.name).Where(n => n.Length > 0))}", nameof(model)),
    };

    private static Func<Tensor, Tensor> Hooked(nn.Module<Tensor, Tensor> model, string layer, out Action unhook)
    {
        if (model.named_modules().FirstOrDefault(m => m.name == layer).module is not nn.Module<Tensor, Tensor> found)
            throw new ArgumentException($"{model.GetName()} has no layer '{layer}' from one tensor to one; there are: {string.Join(", ", model.named_modules().Select(m => m.name).Where(n => n.Length > 0))}", nameof(layer));
        Tensor? seen = null;
        var hook = found.register_forward_hook((_, _, output) =>
        {
            seen = output.alias();
            return output;
        });
        unhook = hook.remove;
        return x =>
        {
            seen = null;
            model.call(x).Dispose();
            return seen ?? throw new ArgumentException($"layer '{layer}' took no part in the forward pass", nameof(layer));
        };
    }
}
