// What the OHIF viewer is told, served as /viewer/app-config.js.
"use strict";

window.PUBLIC_URL = "/viewer/";
// How its parts that lie as files of their own are imported.
window.browserImportFunction = (name) => import(name);

window.config = {
  name: "PACS System",
  routerBasename: "/viewer",
  extensions: [],
  modes: [],
  customizationService: [{ "ohif.tours": { $set: [] } }],
  showStudyList: true,
  maxNumberOfWebWorkers: Math.min(4, navigator.hardwareConcurrency || 2),
  showWarningMessageForCrossOrigin: false,
  showCPUFallbackMessage: true,
  showLoadingIndicator: true,
  strictZSpacingForVolumeViewport: true,
  groupEnabledModesFirst: true,
  // A browser has six connections to us.
  maxNumRequests: { interaction: 6, thumbnail: 3, prefetch: 6 },
  defaultDataSourceName: "pacs",
  dataSources: [
    {
      namespace: "@ohif/extension-default.dataSourcesModule.dicomweb",
      sourceName: "pacs",
      configuration: {
        friendlyName: "PACS System",
        name: "pacs",
        qidoRoot: "/dicomweb",
        wadoRoot: "/dicomweb",
        wadoUriRoot: "/dicomweb/wado",
        qidoSupportsIncludeField: true,
        supportsFuzzyMatching: true,
        supportsWildcard: true,
        supportsReject: false,
        dicomUploadEnabled: false,  // the page does it, and goes on after a lost connection
        imageRendering: "wadors",
        thumbnailRendering: "thumbnail",
        thumbnailRequestStrategy: "fetch",
        enableStudyLazyLoad: true,
        singlepart: "bulkdata,pdf,video",
        bulkDataURI: { enabled: true },
        omitQuotationForMultipartRequest: true,
      },
    },
  ],
  httpErrorHandler: (error) => {
    // The token was revoked, or is not here yet.
    if (error.status === 401) {
      location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
    }
  },
};
