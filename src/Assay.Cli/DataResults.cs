using System.Collections.Immutable;
using Assay.Data;

namespace Assay.Cli;

/// <summary>An entry of the catalog as <c>assay data list</c> shows it.</summary>
/// <param name="Name">The name that commands take.</param>
/// <param name="Task">What it is used for.</param>
/// <param name="Examples">The number of examples; 0 where it depends on the machine.</param>
/// <param name="Shape">The shape of one example.</param>
/// <param name="Classes">The number of classes, or 0.</param>
/// <param name="Description">What it is.</param>
/// <param name="Source">Who published it, with the licence.</param>
/// <param name="Place">Where it lies on this machine, or null.</param>
/// <param name="HowToGet">The command that fetches it, or null where it is there.</param>
internal sealed record DataEntry(
    string Name, DatasetTask Task, int Examples, ImmutableArray<int> Shape, int Classes, string Description, string Source, string? Place, string? HowToGet)
{
    public static DataEntry Of(CatalogEntry entry)
    {
        var place = DatasetCatalog.PlaceOf(entry);
        var how = place is not null ? null : entry.Name == DotNetDocs.Name ? "install a .NET SDK, or set DOTNET_ROOT to it" : $"assay data get {entry.Name}";
        return new(entry.Name, entry.Task, entry.Examples, entry.Shape, entry.Classes, entry.Description, entry.Source, place, how);
    }
}

/// <summary>What <c>assay data get</c> did.</summary>
/// <param name="Name">The data set.</param>
/// <param name="Place">Where it lies.</param>
/// <param name="Fetched">Whether it had to be fetched.</param>
internal sealed record DataGot(string Name, string Place, bool Fetched);
