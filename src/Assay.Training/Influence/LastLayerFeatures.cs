using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training;

/// <summary>The features that a model's last linear layer reads, for any model: by <see cref="IFeatureExtractor"/>, else by a hook on the last <see cref="Linear"/> that ran.</summary>
internal sealed class LastLayerFeatures : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> model;
    private readonly IFeatureExtractor? extractor;
    private readonly List<Action> removals = [];
    private Tensor? seen;

    public LastLayerFeatures(nn.Module<Tensor, Tensor> model)
    {
        this.model = model;
        extractor = model as IFeatureExtractor;
        if (extractor is not null)
            return;
        foreach (var linear in model.modules().OfType<Linear>())
        {
            removals.Add(linear.register_forward_pre_hook((_, input) =>
            {
                seen?.Dispose();
                seen = input.detach().alias().DetachFromDisposeScope();
                return input;
            }).remove);
        }
    }

    /// <summary>Features (B, m), or null where the model has no linear layer that can be reached; and outputs (B, k).</summary>
    public (Tensor? Features, Tensor Outputs) Run(Tensor input)
    {
        if (extractor is not null)
            return extractor.Extract(input);
        var outputs = model.call(input);
        var features = seen is not null && seen.shape[0] == input.shape[0] ? seen.flatten(1) : null;
        return (features, outputs);
    }

    public void Dispose()
    {
        foreach (var remove in removals)
            remove();
        seen?.Dispose();
    }
}
